import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import type { DuplicatesFound } from '#pipelines/quality/duplicates/find-duplicates.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { openTenantLedger, resolveTenant } from '#src/app/connect.js';
import { type MappingFile, readMappingFor } from '#src/app/mapping-file.js';
import { bringMirrorUpToDate } from '#src/app/refresh-mirror.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import { type ApiSummary, noTraffic, type RunObserver, summariseApi } from '#src/app/run-summary.js';
import { openScannedInput, reportScan } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, InterruptedError, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { deriveRights, type FileRights } from '#src/files/file-rights.js';
import { hasLedger, type Ledger } from '#src/ledger/open-ledger.js';
import { DuplicateFinder, type DuplicatesResult } from './duplicate-finder.js';
import { endReview, recordReview } from './record-review.js';
import { listReviewPairs, writeDuplicateReview } from './write-duplicate-review.js';

export interface FindDuplicatesOptions extends ReadOptions {
  /** CSV, XLSX or NDJSON; `-` reads standard input. */
  readonly file: string;
  /** Also look at the customers of the account: who is in both, and who is there twice. @default false */
  readonly account?: boolean;
  /** Country of telephone numbers that do not say theirs, as two letters or a name. @default what the mapping says */
  readonly country?: string;
  /** Where to write what was found as a review file, `.xlsx` or `.csv`; nowhere when absent. */
  readonly results?: string;
  /** Describes only so many groups and pairs of each kind in the summary, so that memory stays flat. @default all */
  readonly maxOfEach?: number;
  /** End with exit code 4 when anything was found. @default false */
  readonly failWhenFound?: boolean;
  readonly signal?: AbortSignal;
}

/** How much was found. */
export interface DuplicateCounts {
  /** Groups of rows that are one customer each. */
  readonly groups: number;
  readonly rowsInGroups: number;
  /** Rows that are a customer of the account. */
  readonly matches: number;
  /** Groups of customers of the account who are one. */
  readonly accountGroups: number;
  /** Pairs for a person to decide. */
  readonly reviews: number;
}

/** What was found; the `--json` document of `duplicates`. */
export interface DuplicatesSummary extends DuplicatesResult {
  readonly command: 'duplicates';
  readonly exitCode: ExitCode;
  readonly input: { readonly file: string; readonly sha256: string; readonly rows: number };
  /** `null` when the account was not looked at. */
  readonly account: {
    readonly customers: number;
    /** Rows whose customer is known by key or code: not compared with the account. */
    readonly knownRows: number;
  } | null;
  readonly counts: DuplicateCounts;
  /** Values that so many records share that only those with like names were compared. */
  readonly sharedValues: number;
  /** Of these, values of which not even all with like names were compared. */
  readonly uncomparedValues: number;
  readonly api: ApiSummary;
  readonly files: { readonly review: string | null };
}

/**
 * Finds who may be there twice: within a file and, on request, between file and account and within the account. Nothing is
 * written to the account.
 *
 * @throws UsageError, InputError, InterruptedError; with `account` also LoginError, RunStoppedError, BusyError
 */
export async function findDuplicates(
  settings: Settings,
  options: FindDuplicatesOptions,
  observer: RunObserver = {},
): Promise<DuplicatesSummary> {
  const mappingFile = readMappingFor(options.file, settings, options);
  const path = options.results === undefined ? undefined : await resolveReviewPath(options.results);
  const spoolFolder = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    const input = await openScannedInput(options.file, options, spoolFolder, mappingFile);
    if (path === input.path)
      throw new UsageError(`${path} is the input itself.`, {
        code: 'WOULD_OVERWRITE_INPUT',
        nextStep: 'Choose another name with --results.',
      });
    reportScan(input, observer);
    const finder = new DuplicateFinder(input, input.mapper, options.country);
    await finder.addRows();
    const review =
      path === undefined ? undefined : { path, mappingFile, rights: deriveRights(settings.fileMode.value, input.path) };
    if (options.account !== true) return await searchFile(settings, finder, review, options, observer);
    const control = createRunControl(undefined, options.signal);
    return await runOnTenant(settings, control, `duplicates ${input.file}`, observer, async (connection) => {
      await bringMirrorUpToDate(connection);
      finder.addCustomers(connection.ledger);
      const account = { customers: finder.customers, knownRows: finder.knownRows };
      return {
        ...(await search(finder, connection.ledger, review, options, observer)),
        account,
        api: summariseApi(connection.client),
      };
    });
  } finally {
    await rm(spoolFolder, { recursive: true, force: true });
  }
}

/** Without the network. Where the account was imported into before, its decisions count, and those of the review file are kept. */
async function searchFile(
  settings: Settings,
  finder: DuplicateFinder,
  review: WantedReview | undefined,
  options: FindDuplicatesOptions,
  observer: RunObserver,
): Promise<DuplicatesSummary> {
  if (!hasLedger(settings.stateDir.value, resolveTenant(settings)))
    return search(finder, undefined, review, options, observer);
  const ledger = openTenantLedger(settings);
  try {
    finder.useDecisions(ledger);
    return await search(finder, ledger, review, options, observer);
  } finally {
    ledger.close();
  }
}

interface WantedReview {
  readonly path: string;
  readonly mappingFile: MappingFile;
  readonly rights: FileRights;
}

/** With a ledger, the rows are kept there first: an import of the file finds them again. */
async function writeReview(
  finder: DuplicateFinder,
  found: DuplicatesFound,
  { path, mappingFile, rights }: WantedReview,
  ledger: Ledger | undefined,
) {
  const pairs = listReviewPairs(finder, found);
  const run = ledger && (await recordReview(ledger, finder, pairs, mappingFile));
  const { sheet } = mappingFile.mapping.source;
  const published = await writeDuplicateReview(path, finder, pairs, {
    ...{ run: run?.name, written: ledger?.writtenFiles, rights },
    ...(typeof sheet === 'string' ? { sheet } : {}),
  });
  if (run !== undefined && ledger !== undefined) endReview(ledger, run, published.path);
  return published;
}

async function search(
  finder: DuplicateFinder,
  ledger: Ledger | undefined,
  review: WantedReview | undefined,
  { failWhenFound = false, maxOfEach, signal }: FindDuplicatesOptions,
  observer: RunObserver,
): Promise<DuplicatesSummary> {
  const found = await finder.find(signal).catch((error: unknown) => {
    if (signal?.aborted === true) throw new InterruptedError(signal.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    throw error;
  });
  const counts = countFound(found);
  const isClean = Object.values(counts).every((count) => count === 0);
  const written = review === undefined || isClean ? undefined : await writeReview(finder, found, review, ledger);
  for (const notice of written?.notices ?? []) observer.notice?.(notice);
  const { file, source } = finder.input;
  return {
    command: 'duplicates',
    exitCode: failWhenFound && !isClean ? exitCodes.someRowsFailed : exitCodes.done,
    input: { file, sha256: source.fingerprint.sha256, rows: finder.rows },
    account: null,
    counts,
    ...(await finder.describe(found, maxOfEach)),
    sharedValues: found.narrowedKeys,
    uncomparedValues: found.cutBlocks,
    api: noTraffic,
    files: { review: written?.path ?? null },
  };
}

function countFound({ groups, matches, reviews }: DuplicatesFound): DuplicateCounts {
  const ofFile = groups.filter(({ side }) => side === 'file');
  return {
    groups: ofFile.length,
    rowsInGroups: ofFile.reduce((sum, { members }) => sum + members.length, 0),
    matches: matches.length,
    accountGroups: groups.length - ofFile.length,
    reviews: reviews.length,
  };
}

async function resolveReviewPath(file: string): Promise<string> {
  const path = resolve(file);
  const extension = extname(path).toLowerCase();
  if (extension !== '.csv' && extension !== '.xlsx')
    throw new UsageError(`A review file is written as .csv or .xlsx, not as "${file}".`, {
      code: 'FORMAT_UNKNOWN',
      nextStep: 'Use a name such as duplicates.review.xlsx. For JSON, use --json and redirect standard output.',
    });
  await assertWritable(path);
  return path;
}
