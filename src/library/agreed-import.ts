import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '#src/config/settings.js';
import { GuardError, UsageError } from '#src/errors.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import type { PlanRecord } from '#src/ledger/plan-table.js';
import { tenantOf } from './connect.js';
import { type Input, openInputAt } from './input.js';
import { type MappingFile, readMappingFile } from './mapping-file.js';
import type { RowOptions } from './prepare-import.js';

/** An input and a mapping, found to be those of a plan. */
export interface AgreedImport {
  readonly plan: string;
  readonly rowOptions: RowOptions;
  readonly mappingFile: MappingFile;
  readonly input: Input;
}

/**
 * Takes up a plan: by its name, or by the file that it was written to.
 *
 * @param file - the input, when the user names it as well
 * @throws UsageError for what is no plan of this tenant, GuardError when input or mapping have changed since
 */
export async function agreedImport(settings: Settings, plan: string, file: string | undefined): Promise<AgreedImport> {
  const record = findPlan(settings, plan);
  const rowOptions = record.options as unknown as RowOptions;
  const { name, input: planned } = record;
  if (file !== undefined && resolve(file) !== planned.path && file !== planned.file)
    throw new UsageError(`Plan ${name} is of ${planned.path}, not of ${file}.`, {
      code: 'PLAN_OF_OTHER_FILE',
      nextStep: 'Leave the file out: the plan knows its own.',
    });
  const mappingFile = readMappingFile(rowOptions.mapping);
  if (mappingFile.sha256 !== record.mappingSha256) throw changed(name, `The mapping ${rowOptions.mapping}`);
  const input = await openInputAt(planned.path, planned.file, rowOptions.read, mappingFile.mapping);
  if (input.source.fingerprint.sha256 !== planned.sha256) throw changed(name, `The input ${planned.path}`);
  return { plan: name, rowOptions, mappingFile, input };
}

function findPlan(settings: Settings, plan: string): PlanRecord {
  const isFile = existsSync(plan) && statSync(plan).isFile();
  const wanted = isFile ? planIn(readFileSync(plan)) : plan;
  const ledger = openLedger(settings.stateDir.value, tenantOf(settings));
  try {
    const record = ledger.plans.find(wanted);
    if (record !== undefined) return record;
  } finally {
    ledger.close();
  }
  const what = isFile
    ? `${plan} is no plan of this login, or was changed since it was written.`
    : `There is no plan "${plan}".`;
  throw new UsageError(what, {
    code: 'PLAN_UNKNOWN',
    nextStep:
      'Make one with `mypos-customers plan <file>`. To plan other rows, change the input and not the plan; plans are kept for 30 days.',
  });
}

/** What a plan's file is found by: the name in the JSON document, else its own content. */
function planIn(bytes: Buffer): string {
  try {
    const document = JSON.parse(bytes.toString('utf8')) as { readonly plan?: unknown };
    if (typeof document.plan === 'string') return document.plan;
  } catch {
    // Not JSON: a table.
  }
  return createHash('sha256').update(bytes).digest('hex');
}

function changed(plan: string, what: string): GuardError {
  return new GuardError(`${what} has changed since plan ${plan} was made. Nothing was sent.`, {
    code: 'CHANGED_SINCE_PLAN',
    nextStep: 'Make a new plan: mypos-customers plan <file>',
  });
}
