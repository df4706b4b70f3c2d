import type { Guards } from '#pipelines/guards.js';
import { findKeyDamage } from '#pipelines/quality/key-scan.js';
import type { InputScan, ScannedInput } from '#src/app/scan-input.js';
import { GuardError } from '#src/errors.js';

/**
 * Refuses an input whose keys are no keys, before anything is sent. Needs no network.
 *
 * @throws GuardError
 */
export function refuseDamagedKeys({ scan }: ScannedInput, keysAsWritten: boolean | undefined): void {
  const refusal = findKeyRefusal(scan, keysAsWritten);
  if (refusal !== undefined) throw new GuardError(refusal.message, { code: refusal.code, nextStep: refusal.nextStep });
}

/** Why an import would refuse the keys of an input; `undefined` when it would not. */
export function findKeyRefusal({ keys, rows }: InputScan, keysAsWritten: boolean | undefined) {
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
