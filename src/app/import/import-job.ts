import { resolve } from 'node:path';
import { countTaken, takeRows } from '#pipelines/batches.js';
import type { AgreedPlan } from '#pipelines/import/decide.js';
import type { RepeatPolicy } from '#pipelines/import/dedupe.js';
import type { ImportMode } from '#pipelines/import/identify.js';
import { type ImportOptions, importRows } from '#pipelines/import/import.js';
import type { CheckCells } from '#pipelines/import/map.js';
import { planRows } from '#pipelines/import/plan.js';
import type { StrangerCheck } from '#pipelines/import/strangers.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { Mapping, Mode } from '#pipelines/mapping/mapping.js';
import { findAllowedTexts } from '#pipelines/mapping/template.js';
import { type DecisionStore, decisionWords, type KeptDecision, type ValidateDraft } from '#pipelines/ports.js';
import { readKeysAsWritten } from '#pipelines/quality/key-scan.js';
import { type ColumnProfile, profileRows } from '#pipelines/quality/profile.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { Connection } from '#src/app/connect.js';
import { type Input, openInputAt, type ResolvedReadOptions } from '#src/app/input.js';
import {
  compileFor,
  identityColumns,
  type MappingFile,
  readMappingFile,
  secretColumns,
} from '#src/app/mapping-file.js';
import { bringMirrorUpToDate, openMirrorFor } from '#src/app/refresh-mirror.js';
import type { RunJob } from '#src/app/run.js';
import type { AbsentSummary, RunObserver } from '#src/app/run-summary.js';
import { reportScan, type ScanCache, type ScannedInput } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import type { InputSource } from '#src/files/input-source.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { isSamePath } from '#src/platform.js';
import type { ReportContent } from '#src/results/report/report-data.js';
import { defaultResultPaths, type ResultPaths } from '#src/results/write-results.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { createStrangersOnce, type ImportQuestions } from './check-strangers.js';
import { chooseAbsentPolicy, settleAbsent } from './leavers.js';
import { isReturnedFile } from './recognise-returned.js';
import { explainImportError, type RefusalContext } from './refusals.js';
import type { Review } from './review-file.js';

/** How rows are imported; the ledger keeps it as JSON for a plan and for a resumed import. */
export interface RowOptions {
  readonly mode: ImportMode;
  /** Absolute path of the mapping file. */
  readonly mapping: string;
  readonly read: ResolvedReadOptions;
  readonly first?: number | undefined;
  readonly force: boolean;
  readonly verify: boolean;
  readonly repeats: RepeatPolicy;
  /** Rows with cells that cannot be right are not sent. */
  readonly strict: boolean;
  /** Keys are used although they look damaged. Absent in runs of older versions. */
  readonly keysAsWritten?: boolean;
  /** A person has looked: none of the rows is in the account yet. */
  readonly allNew?: boolean;
}

/** An input with a mapping that fits it. */
export interface PreparedImport {
  readonly source: InputSource;
  readonly rows: number;
  readonly mapper: CompiledMapping;
  readonly validate: ValidateDraft;
  readonly findings: RunJob['findings'];
  /** Given when rows with damaged cells are not sent. */
  readonly checkCells?: CheckCells;
  readonly options: ImportOptions;
  /** Given when the input is a review file: the decisions in it. */
  readonly review?: Review;
  /** Whether the input has only some rows of another file, which came back: it says nothing about all the others. */
  readonly isPartial: boolean;
  /** For the process that may have to continue the run. */
  readonly look?: ScanCache;
  /** What is done with customers that are in no row; given where the file is the whole truth. */
  readonly absent?: NonNullable<Mapping['absent']> | undefined;
  /** The mirror, where it is of use. Refreshed once, however often it is asked for. */
  mirror(connection: Connection): Promise<CustomerMirror | undefined>;
  /** Compares the rows to add with the customers that the ledger does not know; the same for guards and import. */
  strangers(connection: Connection, run?: RunRecord): StrangerCheck | undefined;
  /** Explains an error of the pipelines, with what to do. */
  explain(error: unknown): unknown;
}

/** Reports what the scan of the input found, and prepares the import of its rows. */
export function prepareImport(
  settings: Settings,
  saved: RowOptions,
  mappingFile: MappingFile,
  input: ScannedInput,
  observer: RunObserver,
  questions: ImportQuestions,
): PreparedImport {
  reportScan(input, observer);
  const { source, cache, review } = input;
  const { rows, findings, checkCells, keys } = input.scan;
  const isWritten = saved.keysAsWritten === true && keys !== undefined;
  const mapper = isWritten ? input.mapper.withKeyReadings(readKeysAsWritten(keys.readings)) : input.mapper;
  const options = buildImportOptions(settings, saved, mapper);
  let fresh: CustomerMirror | undefined;
  const results = 'paths' in saved ? (saved as SavedImportOptions).paths.results : undefined;
  const refusal: RefusalContext = {
    ...{ file: input.file, mapping: mappingFile.path, match: mapper.match, results },
    ratePerSecond: settings.ratePerSecond.value,
  };
  const strangers = createStrangersOnce({
    ...{ settings, allNew: saved.allNew === true, mapper, options, observer },
    ...questions,
  });
  const isPartial = isReturnedFile(source);
  const absent = chooseAbsentPolicy(mappingFile.mapping, { ...saved, isPartial });
  return {
    ...{ source, rows, mapper, options, findings, absent },
    ...(saved.strict ? { checkCells } : {}),
    ...(cache === undefined ? {} : { look: cache }),
    ...(review === undefined ? {} : { review }),
    isPartial,
    validate: createDraftValidator(mappingFile.mapping.customFields, mapper.fields),
    async mirror(connection) {
      if (saved.mode === 'add' && review === undefined) return undefined;
      const isNeeded = options.match.length > 0 || absent !== undefined || review !== undefined;
      fresh ??= await openMirrorFor(connection, countTaken(rows, saved.first), isNeeded);
      return fresh;
    },
    strangers(connection, run) {
      // Nobody is added, and nobody taken for somebody else.
      const isHarmless = mappingFile.mapping.command === undefined && options.match.length === 0;
      if (saved.mode === 'update' && isHarmless) return undefined;
      return strangers(connection, run, async () => {
        if (fresh === undefined) await bringMirrorUpToDate(connection);
        fresh ??= connection.ledger.mirror;
        return fresh;
      });
    },
    explain: (error) => explainImportError(error, refusal),
  };
}

function buildImportOptions(settings: Settings, saved: RowOptions, mapper: CompiledMapping): ImportOptions {
  const { mode, force, verify, repeats, first } = saved;
  return {
    ...{ mode, force, verify, first },
    concurrency: settings.concurrency.value,
    // An add cannot change what an earlier row created, so its repeats cannot be sent in order.
    repeats: mode === 'add' ? 'error' : repeats,
    identityColumns: identityColumns(mapper),
    match: mode === 'add' ? [] : mapper.match,
    matchAdds: mode === 'add' ? mapper.match : [],
  };
}

/** An upsert or update must know which customer a row is about. */
export function refuseWithoutIdentity(mode: Mode, { path, mapping }: MappingFile): void {
  if (mapping.command !== undefined && mode !== 'upsert')
    throw new UsageError(`The mode is ${mode}, but the mapping ${path} has a command column, "${mapping.command}".`, {
      code: 'MODE_AND_COMMAND',
      nextStep: 'Leave out --mode, or remove "command" from the mapping.',
    });
  const isNamed = mapping.key !== undefined || mapping.fields.some(({ field }) => field === 'customerCode');
  if (mode === 'add' || isNamed || mapping.match.length > 0) return;
  throw new UsageError(`The mode is ${mode}, but the mapping ${path} does not say which customer a row is about.`, {
    code: 'MATCH_MISSING',
    nextStep:
      'Add a "key" (the old system’s own number), map "customerCode", or name fields in "match"; for customers that are all new, use --mode add.',
  });
}

/** What the import would do with each row, a batch at a time. @throws UsageError, LoginError, RunStoppedError */
export async function* planBatches(connection: Connection, prepared: PreparedImport) {
  const mirror = await prepared.mirror(connection);
  const { source, mapper, validate, checkCells, options, review } = prepared;
  review?.assertCurrent(mirror);
  // No run has this number: a plan uses what all runs know and belongs to none.
  const known = connection.ledger.openRows(0);
  const decided = review?.listDecisions(mirror, Date.now()) ?? [];
  const ports = {
    ...{ source, mapper, validate, api: connection.client },
    readAll: () => source.batches(),
    strangers: prepared.strangers(connection),
    ledger: decided.length === 0 ? known : { ...known, decisions: withDecisions(known.decisions, decided) },
  };
  try {
    yield* planRows(
      { ...ports, ...(checkCells === undefined ? {} : { checkCells }), ...(mirror === undefined ? {} : { mirror }) },
      options,
    );
  } catch (error) {
    throw prepared.explain(error);
  }
}

/** Decisions of a review file as an import would have kept them. */
function withDecisions(store: DecisionStore, decided: readonly KeptDecision[]): DecisionStore {
  return {
    ...store,
    isEmpty: () => false,
    find(subject) {
      const fresh = decided.filter((decision) => decision.subject === subject);
      return fresh.length > 0 ? fresh : store.find(subject);
    },
  };
}

/** What a resumed import needs; the ledger keeps it as JSON. */
export interface SavedImportOptions extends RowOptions {
  readonly paths: ResultPaths;
  /** The header, for the next import to compare with. */
  readonly columns: readonly string[];
  /** Permission bits of the files that are written; runs of older versions lack it. */
  readonly fileMode?: number;
  /** The encoding of a text with characters beyond ASCII, for the next import to compare with. */
  readonly textEncoding?: string;
  /** Set when the input has only some rows of another file, which came back. */
  readonly isPartial?: true;
  /** Name of the plan that may be sent, and nothing else. */
  readonly plan?: string;
  readonly failureLimit?: FailureLimit;
  /** The field that carries a row's key: all that settling a doubt needs of the mapping. */
  readonly stamp?: string;
  /** The system that the keys are of; runs of versions that did not compare strangers lack it. */
  readonly keySource?: string | null;
}

type ImportJob = RunJob & { readonly prepared: PreparedImport };

/** Makes the job of an import: reads the input through, fits the mapping to it, and proves that results can be written. */
export async function createImportJob(
  settings: Settings,
  saved: SavedImportOptions,
  mappingFile: MappingFile,
  input: ScannedInput,
  observer: RunObserver,
  questions: Omit<ImportQuestions, 'onlyPlans'>,
): Promise<ImportJob> {
  const prepared = prepareImport(settings, saved, mappingFile, input, observer, { ...questions, onlyPlans: false });
  // The rows of a review are in the file that they came from: that is the one to fix.
  const { rejects: _, ...withoutRejects } = saved.paths;
  const paths = prepared.review === undefined ? saved.paths : withoutRejects;
  for (const [kind, path] of Object.entries(paths))
    if (kind !== 'review' || prepared.review === undefined) await assertResultPath(path, input);
  const { source, rows, mapper, validate, checkCells, findings, options } = prepared;
  let absent: AbsentSummary | undefined;
  return {
    ...{ prepared, source, rows, first: saved.first, absent: () => absent },
    ...(findings === undefined ? {} : { findings }),
    paths,
    fileMode: settings.fileMode.value ?? saved.fileMode,
    ...(prepared.review === undefined ? {} : { undecided: { rows: prepared.review.undecided, file: input.path } }),
    readContent: readReportContent,
    allowed: findAllowedTexts(mappingFile.mapping),
    ...(mapper.stamp === undefined ? {} : { stamp: mapper.stamp }),
    ...(saved.verify ? { verify: mapper } : {}),
    work: async ({ connection, record: runRecord, ...ports }) => {
      const mirror = await prepared.mirror(connection);
      const { client, ledger } = connection;
      ledger.runs.noteChangesFrom(runRecord.number, Date.now() + (client.traffic.clockDifferenceMs ?? 0));
      const record = saved.plan === undefined ? undefined : connection.ledger.plans.find(saved.plan);
      if (saved.plan !== undefined && record === undefined) throw planExpired(saved.plan);
      const plan: { readonly plan?: AgreedPlan } =
        record === undefined ? {} : { plan: connection.ledger.plans.openAgreedPlan(record) };
      const decided = prepared.review?.listDecisions(mirror, Date.now()) ?? [];
      if (decided.length > 0) {
        connection.ledger.decisions.save(decided);
        connection.ledger.audit.add({
          ...{ command: 'import', what: 'decided', run: runRecord.name },
          counts: countDecisions(decided),
        });
      }
      const all = {
        ...{ source, mapper, validate, now: Date.now },
        readAll: () => source.batches(),
        strangers: prepared.strangers(connection, runRecord),
        isResumed: runRecord.notedAtMs !== undefined,
        ...(checkCells === undefined ? {} : { checkCells }),
        ...ports,
        ...plan,
        ...(mirror === undefined ? {} : { mirror }),
      };
      await importRows(all, options).catch((error: unknown) => {
        throw prepared.explain(error);
      });
      if (ports.control.stopping.aborted) return;
      const isPlanned = plan.plan === undefined ? undefined : plan.plan.plansDeactivation;
      const { concurrency } = options;
      absent = await settleAbsent(connection, ports, prepared, { concurrency, isPlanned }, observer);
    },
  };
}

function countDecisions(decided: readonly KeptDecision[]): Readonly<Record<string, number>> {
  const subjects = (word: string) =>
    new Set(decided.filter(({ decision }) => decision === word).map(({ subject }) => subject)).size;
  const counts = decisionWords.map((word) => [word, subjects(word)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/**
 * What fields and columns of an import hold, for its report; from its input and mapping, as long as these have not changed.
 *
 * @returns `undefined` for a run that was no import
 */
export async function readReportContent(run: RunRecord): Promise<ReportContent | undefined> {
  if (run.command !== 'import' || run.input === undefined) return undefined;
  try {
    return await countContent(run, run.input, run.options as unknown as SavedImportOptions);
  } catch (error) {
    if (error instanceof CustomersError) return contentUnavailable;
    throw error;
  }
}

/** A value that fewer rows share is not shown. */
const minShared = 5;

const contentUnavailable: ReportContent = {
  kind: 'unknown',
  why: 'The input or the mapping has changed since the run, or is gone.',
};

async function countContent(
  run: RunRecord,
  { path, file, sha256 }: NonNullable<RunRecord['input']>,
  saved: SavedImportOptions,
): Promise<ReportContent> {
  const mappingFile = readMappingFile(saved.mapping, saved.read);
  const { source } = await openInputAt(path, file, saved.read, mappingFile.mapping);
  if (source.fingerprint.sha256 !== sha256 || mappingFile.sha256 !== run.mappingSha256) return contentUnavailable;
  const mapper = compileFor(mappingFile, source);
  const filled = new Map<string, number>(mappingFile.mapping.fields.map(({ field }) => [field, 0]));
  let rows = 0;
  const profile = profileRows(takeRows(source.batches(), saved.first), source.columns, secretColumns(mapper));
  for await (const batch of profile.batches)
    for (const row of batch) {
      rows += 1;
      for (const [field, value] of Object.entries(mapper.map(row).draft))
        if (value !== null && value !== '') filled.set(field, (filled.get(field) ?? 0) + 1);
    }
  const fields = [...filled].map(([field, count]) => ({ field, filled: count }));
  const { notices } = source;
  return { kind: 'known', rows, fields, notices, columns: profile.result().map(hideRareValues) };
}

/** A report goes to more people than the file: a value that few rows share may identify a person. */
function hideRareValues(profile: ColumnProfile): ColumnProfile {
  return { ...profile, top: profile.top.filter(({ count }) => count >= minShared) };
}

/** Keeps what the job has learned of its input, so that a later process need not read all of it to continue the run. */
export function saveScan({ ledger }: Connection, run: RunRecord, { prepared }: ImportJob): void {
  if (prepared.look !== undefined) ledger.inputScans.save(run.number, prepared.look);
}

function planExpired(name: string): UsageError {
  return new UsageError(`Plan ${name} is no longer kept.`, {
    code: 'PLAN_UNKNOWN',
    nextStep: 'Plans are kept for 30 days. Make a new one: mypos-customers plan <file>',
  });
}

/** Where results, rejects and report go: where the user says, else beside the input. */
export function chooseResultPaths(
  input: Pick<Input, 'file' | 'path'>,
  wanted: {
    readonly results?: string;
    readonly rejects?: string;
    readonly review?: string;
    readonly report?: string;
  },
): ResultPaths {
  const defaults = defaultResultPaths(input.file === '-' ? resolve('stdin.csv') : input.path);
  return {
    results: wanted.results === undefined ? defaults.results : resolve(wanted.results),
    rejects: wanted.rejects === undefined ? defaults.rejects : resolve(wanted.rejects),
    review: wanted.review === undefined ? defaults.review : resolve(wanted.review),
    ...(wanted.report === undefined ? {} : { report: resolve(wanted.report) }),
  };
}

async function assertResultPath(path: string, input: Input): Promise<void> {
  if (isSamePath(path, input.path))
    throw new UsageError(`${path} is the input itself.`, {
      code: 'WOULD_OVERWRITE_INPUT',
      nextStep: 'Choose another name with --results or --rejects.',
    });
  await assertWritable(path);
}
