import { takeRows } from '#pipelines/batches.js';
import type { Code } from '#pipelines/codes.js';
import type { Guards } from '#pipelines/guards.js';
import { joinKey } from '#pipelines/import/keys.js';
import type { PlannedRow } from '#pipelines/import/plan.js';
import { quoteColumns } from '#pipelines/mapping/list-columns.js';
import type { Draft } from '#pipelines/model.js';
import { createCandidateIndex } from '#pipelines/quality/duplicates/candidate-index.js';
import type { Connection } from '#src/app/connect.js';
import { quoteArgument } from '#src/app/quote-argument.js';
import { GuardError } from '#src/errors.js';
import type { InputSource } from '#src/files/input-source.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { type PreparedImport, planBatches, type SavedImportOptions } from './import-job.js';
import { UnfinishedRunError } from './refusals.js';

/** What guards ask about the options of an import. */
export type GuardedOptions = Pick<SavedImportOptions, 'mapping' | 'keySource' | 'allNew'>;

/** What the rows of an import would do, as guards see it. */
export interface PlannedCounts {
  readonly rows: number;
  readonly added: number;
  readonly changed: number;
  readonly deactivated: number;
  readonly invalid: number;
}

/**
 * Refuses an import that differs too much from the ones before it, before anything is sent.
 *
 * @param counted - what the rows would do, where that is known; else they are planned for it
 * @throws GuardError that names the guard and what it found
 */
export async function checkGuards(
  guards: Guards,
  connection: Connection,
  prepared: PreparedImport,
  saved: GuardedOptions,
  counted?: PlannedCounts,
): Promise<void> {
  // Rows that came back are some of a file that was seen before: they say nothing about the next whole one.
  if (prepared.isPartial) return;
  const last = findLastImport(connection, saved);
  if (last !== undefined) await refuseOtherSource(connection, prepared, saved, last);
  if (saved.allNew !== true) await refuseOtherKeys(connection, prepared);
  refuseOtherEncoding(connection, prepared, saved);
  if (last !== undefined) compareWithLast(guards, prepared, last);
  const { newPercent, changedPercent, deactivatedPercent, invalidPercent } = guards;
  const shares = [newPercent, changedPercent, deactivatedPercent, invalidPercent];
  if (shares.every((share) => share === undefined)) return;
  const seen = counted ?? (await countPlannedRows(connection, prepared));
  const rows = Math.max(1, seen.rows);
  const refuseAbove = (most: number | undefined, count: number, code: Code, what: string) => {
    if (most === undefined || (100 * count) / rows <= most) return;
    throw createGuardError(
      code,
      `${count} of ${rows} rows (${formatPercent(count, rows)}) ${what}, more than the ${most}% allowed.`,
    );
  };
  // The first file of a mapping is all new.
  if (last !== undefined) refuseAbove(newPercent, seen.added, 'GUARD_NEW', 'would add a customer');
  refuseAbove(changedPercent, seen.changed, 'GUARD_CHANGED', 'would change their customer');
  refuseAbove(
    deactivatedPercent,
    seen.deactivated,
    'GUARD_DEACTIVATED',
    'would delete their customer or make it inactive',
  );
  refuseAbove(invalidPercent, seen.invalid, 'GUARD_INVALID_ROWS', 'are invalid');
}

/** The latest whole import by the same mapping. */
function findLastImport(connection: Connection, saved: GuardedOptions): RunRecord | undefined {
  for (const run of listImports(connection, saved)) return run;
  return undefined;
}

/** The whole imports by the same mapping, the latest first. */
function* listImports({ ledger }: Connection, { mapping }: GuardedOptions): Generator<RunRecord> {
  for (const run of ledger.runs.all()) {
    const options = run.options as Partial<SavedImportOptions>;
    const isWhole = run.state === 'completed' && options.first === undefined && options.isPartial !== true;
    if (run.command === 'import' && isWhole && options.mapping === mapping) yield run;
  }
}

/**
 * A file that is not UTF-8 after files that all were: perhaps another program wrote it, perhaps a few bytes of it are
 * damaged. Read as something else, all of its names could become others, and be written so.
 */
function refuseOtherEncoding(connection: Connection, { source }: PreparedImport, saved: GuardedOptions): void {
  const { textEncoding } = source;
  if (textEncoding?.isGuess !== true) return;
  let latest: RunRecord | undefined;
  for (const run of listImports(connection, saved)) {
    const encoding = (run.options as Partial<SavedImportOptions>).textEncoding;
    if (encoding === undefined) continue;
    if (encoding !== 'utf-8') return;
    latest ??= run;
  }
  if (latest === undefined) return;
  throw new GuardError(
    `The file is not UTF-8 and would be read as ${textEncoding.name}, but all files of this mapping were UTF-8 so far, the latest in run ${latest.name}. Nothing was sent.`,
    {
      code: 'GUARD_ENCODING',
      nextStep: `Export the file again as UTF-8. If it is right as it is, give its encoding: --encoding ${textEncoding.name}, or "encoding" under "source" in the mapping.`,
    },
  );
}

/**
 * A mapping whose keys are given a source for the first time, or lose it, and whose rows are customers that are known by
 * the same keys: by the new ones nobody would be known, and everybody would be added again.
 */
async function refuseOtherSource(
  { ledger }: Connection,
  { source, mapper }: PreparedImport,
  saved: GuardedOptions,
  last: RunRecord,
): Promise<void> {
  const before = (last.options as Partial<SavedImportOptions>).keySource ?? undefined;
  const now = saved.keySource ?? undefined;
  const { crosswalk, mirror } = ledger;
  // From one source to another is how branches are imported.
  if (before === now || (before !== undefined && now !== undefined)) return;
  if (!crosswalk.hasKeysOf(before) || crosswalk.hasKeysOf(now)) return;
  const pairs = createCandidateIndex([]);
  const seen = { compared: 0, alike: 0 };
  for await (const rows of takeRows(source.batches(), comparedRows))
    for (const { key, draft } of await mapper.mapAll(rows)) {
      const code = key === undefined ? undefined : crosswalk.findCode(joinKey(before, key));
      const customer = code === undefined ? undefined : mirror.find(code)?.customer;
      if (customer === undefined) continue;
      seen.compared += 1;
      const { isStrong, hasOtherName, tier } = pairs.compare(draft, customer);
      if (!hasOtherName && (isStrong || tier !== 'other')) seen.alike += 1;
    }
  if (seen.compared === 0 || seen.alike * 2 <= seen.compared) return;
  throw new GuardError(
    `The keys of this mapping now have ${describeSource(now)}; in run ${last.name} they had ${describeSource(before)}. No customer is known by a key of that source, so every row would count as new. Nothing was sent.`,
    {
      code: 'KEY_SOURCE_CHANGED',
      nextStep: [
        before === undefined && now !== undefined
          ? `If they are the same keys, give them the source: mypos-customers crosswalk export keys.csv; then: mypos-customers crosswalk import keys.csv --source ${quoteArgument(now)}`
          : `If they are the same keys, use ${describeSource(before)} in the mapping again.`,
        'If they are keys of another system, add --override-guards.',
      ].join('\n'),
    },
  );
}

/**
 * Rows that are customers with a key of the same source, while not one of their keys is known: another column has become the
 * key, or the old system numbers anew. Everybody would be added again. Where rows find their customers by fields, they say so
 * themselves.
 */
async function refuseOtherKeys({ ledger }: Connection, { source, mapper }: PreparedImport): Promise<void> {
  const { crosswalk, mirror } = ledger;
  const { keyColumns, keySource, match } = mapper;
  if (keyColumns.length === 0 || match.length > 0 || !crosswalk.hasKeysOf(keySource)) return;
  const drafts: Draft[] = [];
  for await (const rows of takeRows(source.batches(), comparedRows))
    for (const { key, draft } of await mapper.mapAll(rows)) {
      if (key !== undefined && crosswalk.findCode(joinKey(keySource, key)) !== undefined) return;
      if (key !== undefined && draft.customerCode === undefined) drafts.push(draft);
    }
  if (drafts.length <= maxCoincidences) return;
  const linked = [...mirror.all()].flatMap(({ customer }) =>
    ledger.findKey(String(customer.customerCode), keySource) === undefined ? [] : [customer],
  );
  const index = createCandidateIndex(linked, { rows: drafts, ...(mapper.country && { country: mapper.country }) });
  const same = drafts.filter((draft) => index.find(draft)[0]?.tier === 'same').length;
  if (same <= maxCoincidences || same * 2 <= drafts.length) return;
  throw new GuardError(
    `None of the keys in ${quoteColumns(keyColumns)} is known, but ${same} of the first ${drafts.length} rows are customers that already have another key. Importing them would create them a second time. Nothing was sent.`,
    {
      code: 'KEYS_CHANGED',
      nextStep: [
        'If another column was the key before, use that one in the mapping again.',
        'To change over to these keys, give them a "source" of their own in the mapping, and let the rows find their customers by fields, e.g.: mypos-customers mapping match emailAddress',
        'If they are new customers, add --override-guards.',
      ].join('\n'),
    },
  );
}

/** As many as may resemble somebody by chance. */
const maxCoincidences = 3;

/** Enough to tell whether the rows are the same customers. */
const comparedRows = 1000;

function describeSource(source: string | undefined): string {
  return source === undefined ? 'no "source"' : `the "source" ${JSON.stringify(source)}`;
}

function compareWithLast(
  { fewerRowsPercent, header }: Guards,
  { rows, source }: PreparedImport,
  last: RunRecord,
): void {
  const before = last.input?.rows;
  if (fewerRowsPercent !== undefined && before !== undefined && (100 * (before - rows)) / before > fewerRowsPercent)
    throw createGuardError(
      'GUARD_FEWER_ROWS',
      `The file has ${rows} rows, ${formatPercent(before - rows, before)} fewer than the ${before} of run ${last.name}; ${fewerRowsPercent}% are allowed.`,
    );
  const { columns } = last.options as Partial<SavedImportOptions>;
  if (header === undefined || columns === undefined) return;
  const missing = columns.filter((name) => !source.columns.includes(name));
  const added = source.columns.filter((name) => !columns.includes(name));
  if (missing.length + added.length === 0) return;
  const differences = [listNames('missing', missing), listNames('new', added)].filter((part) => part !== '').join('; ');
  throw createGuardError('GUARD_HEADER', `The columns are not those of run ${last.name}: ${differences}.`);
}

function listNames(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${what} ${names.map((name) => `"${name}"`).join(', ')}`;
}

async function countPlannedRows(connection: Connection, prepared: PreparedImport): Promise<PlannedCounts> {
  const counter = createPlannedCounter();
  for await (const batch of planBatches(connection, prepared)) for (const planned of batch) counter.add(planned);
  return counter.counts;
}

export function createPlannedCounter() {
  const counts = { rows: 0, added: 0, changed: 0, deactivated: 0, invalid: 0 };
  return {
    counts: counts as PlannedCounts,
    add(planned: PlannedRow): void {
      counts.rows += 1;
      if (planned.action === 'add') counts.added += 1;
      if (planned.action === 'update') counts.changed += 1;
      if (planned.action === 'invalid' && planned.candidates === undefined) counts.invalid += 1;
      if (isDeactivation(planned)) counts.deactivated += 1;
    },
  };
}

function isDeactivation({ action, changes }: PlannedRow): boolean {
  return action === 'delete' || changes.some(({ field, to }) => field.toLowerCase() === 'active' && to === false);
}

function formatPercent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)}%`;
}

function createGuardError(code: Code, message: string): GuardError {
  return new GuardError(`${message} Nothing was sent.`, {
    code,
    nextStep:
      'Check the file, and what it would do: mypos-customers plan <file>. If the file is correct, add --override-guards.',
  });
}

/**
 * An unfinished run of the same file is continued, not started over.
 *
 * @throws GuardError `UNFINISHED_RUN`
 */
export function refuseUnfinished(connection: Connection, { fingerprint }: Pick<InputSource, 'fingerprint'>): void {
  const runs = connection.ledger.runs.findUnfinished(fingerprint.sha256);
  const earlier = runs.find(({ command }) => command === 'import');
  if (earlier === undefined) return;
  const why = earlier.stopReason ?? 'It was killed.';
  throw new UnfinishedRunError(earlier.name, why);
}

/** Why an import would be refused before it sends anything; for a plan, which goes on to show the rows. */
export async function findGuardRefusal(
  guards: Guards,
  connection: Connection,
  prepared: PreparedImport,
  saved: GuardedOptions & Pick<SavedImportOptions, 'force'>,
  counted: PlannedCounts,
): Promise<GuardError | undefined> {
  try {
    if (!saved.force) refuseUnfinished(connection, prepared.source);
    await checkGuards(guards, connection, prepared, saved, counted);
    return undefined;
  } catch (error) {
    if (error instanceof GuardError) return error;
    throw error;
  }
}
