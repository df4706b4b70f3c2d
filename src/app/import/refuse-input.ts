import type { Guards } from '#pipelines/guards.js';
import { findTooManyNonCustomers } from '#pipelines/quality/cell-scan.js';
import { findKeyDamage } from '#pipelines/quality/key-scan.js';
import type { InputScan, ScannedInput } from '#src/app/scan-input.js';
import { GuardError } from '#src/errors.js';

/** Which guards do not apply, because a person says so. */
export interface InputGuards {
  /** Keys are used although they look damaged. */
  readonly keysAsWritten?: boolean | undefined;
  readonly overrideGuards?: boolean | undefined;
}

/**
 * Refuses an input whose keys are no keys, or whose rows are mostly no customers, before anything is sent. Needs no
 * network.
 *
 * @throws GuardError
 */
export function refuseInput({ scan }: ScannedInput, guards: InputGuards): void {
  const refusal = findInputRefusal(scan, guards);
  if (refusal !== undefined) throw new GuardError(refusal.message, { code: refusal.code, nextStep: refusal.nextStep });
}

/** Why an import would refuse an input by what its rows show; `undefined` when it would not. */
export function findInputRefusal(
  { keys, nonCustomers, rows }: InputScan,
  { keysAsWritten, overrideGuards }: InputGuards,
) {
  const others =
    nonCustomers === undefined || overrideGuards === true ? undefined : findTooManyNonCustomers(nonCustomers, rows);
  if (others !== undefined)
    return {
      code: 'GUARD_NOT_CUSTOMERS',
      message: `${others} Nothing was sent.`,
      nextStep:
        'Check the file, the sheet and the header row. If these rows are customers, add --keep-all-rows; to import only the others, --override-guards.',
    } as const;
  const damage = keys === undefined || keysAsWritten === true ? undefined : findKeyDamage(keys, rows);
  if (damage === undefined) return undefined;
  return {
    code: 'GUARD_KEY_DAMAGE',
    message: `${damage} Nothing was sent.`,
    nextStep:
      'Format the key column as text, and export the file again. If these are the keys, import with --override-guards, or set "guards": { "keyDamage": false } in the mapping.',
  } as const;
}

/** Whether keys are used although they look damaged: a person says so, or the guard is off. */
export function takesKeysAsWritten(guards: Guards, overrideGuards: boolean | undefined): boolean {
  return guards.keyDamage === false || overrideGuards === true;
}
