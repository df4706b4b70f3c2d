import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import type { DuplicatesFound } from '#pipelines/quality/duplicates/find-duplicates.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { Connection } from '#src/app/connect.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { bringMirrorUpToDate } from '#src/app/refresh-mirror.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import { type ApiSummary, noTraffic, type RunObserver, summariseApi } from '#src/app/run-summary.js';
import { openScannedInput, reportScan } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, InterruptedError, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { DuplicateFinder, type DuplicatesResult } from './duplicate-finder.js';
import { writeDuplicateReview } from './write-duplicate-review.js';

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
  const mappingFile = readMappingFile(settings.mapping.value, options, settings);
  const review = options.results === undefined ? undefined : await resolveReviewPath(options.results);
  const spoolFolder = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    const input = await openScannedInput(options.file, options, spoolFolder, mappingFile);
    if (review === input.path)
      throw new UsageError(`${review} is the input itself.`, {
        code: 'WOULD_OVERWRITE_INPUT',
        nextStep: 'Choose another name with --results.',
      });
    reportScan(input, observer);
    const finder = new DuplicateFinder(input, input.mapper, options.country);
    await finder.addRows();
    if (options.account !== true) return await search(finder, undefined, review, options, observer);
    const control = createRunControl(undefined, options.signal);
    return await runOnTenant(settings, control, `duplicates ${input.file}`, observer, async (connection) => {
      await bringMirrorUpToDate(connection);
      finder.addCustomers(connection);
      return search(finder, connection, review, options, observer);
    });
  } finally {
    await rm(spoolFolder, { recursive: true, force: true });
  }
}

async function search(
  finder: DuplicateFinder,
  connection: Connection | undefined,
  review: string | undefined,
  { failWhenFound = false, maxOfEach, signal }: FindDuplicatesOptions,
  observer: RunObserver,
): Promise<DuplicatesSummary> {
  const found = await finder.find(signal).catch((error: unknown) => {
    if (signal?.aborted === true) throw new InterruptedError(signal.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    throw error;
  });
  const counts = countFound(found);
  const isClean = Object.values(counts).every((count) => count === 0);
  const written =
    review === undefined || isClean
      ? undefined
      : await writeDuplicateReview(review, finder, found, connection?.ledger.writtenFiles);
  for (const notice of written?.notices ?? []) observer.notice?.(notice);
  const { file, source } = finder.input;
  return {
    command: 'duplicates',
    exitCode: failWhenFound && !isClean ? exitCodes.someRowsFailed : exitCodes.done,
    input: { file, sha256: source.fingerprint.sha256, rows: finder.rows },
    account: connection === undefined ? null : { customers: finder.customers, knownRows: finder.knownRows },
    counts,
    ...(await finder.describe(found, maxOfEach)),
    sharedValues: found.narrowedKeys,
    uncomparedValues: found.cutBlocks,
    api: connection === undefined ? noTraffic : summariseApi(connection.client),
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
