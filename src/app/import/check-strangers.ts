import type { ImportOptions } from '#pipelines/import/import.js';
import { StrangerCheck } from '#pipelines/import/strangers.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import { sleep } from '#src/api/sleep.js';
import type { Connection } from '#src/app/connect.js';
import type { RunObserver } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import type { RunRecord } from '#src/ledger/runs.js';

/** What an import asks of whoever started it. */
export interface ImportQuestions {
  /** Whether so many customers may be read one by one. @default not */
  readonly confirmDetails?: ((calls: number) => Promise<boolean>) | undefined;
  /** Fires when nothing new may be sent. */
  readonly stopping: AbortSignal;
  /** Where an import would stop, a plan goes on to show why. */
  readonly onlyPlans: boolean;
}

interface StrangerSetup extends ImportQuestions {
  readonly settings: Settings;
  /** A person has looked: none of the rows is in the account yet. */
  readonly allNew: boolean;
  readonly mapper: CompiledMapping;
  readonly options: Pick<ImportOptions, 'match' | 'repeats'>;
  readonly observer: RunObserver;
}

type OpenStrangers = (
  connection: Connection,
  run: RunRecord | undefined,
  openMirror: () => Promise<CustomerMirror>,
) => StrangerCheck;

/**
 * Prepares the comparison of a file with the customers that the ledger does not know. It is made once, for the guards and for the
 * import: the account is looked at, and the file read for it, once.
 */
export function createStrangersOnce(setup: StrangerSetup): OpenStrangers {
  let check: StrangerCheck | undefined;
  let runNumber: number | undefined;
  return (connection, run, openMirror) => {
    const { known } = connection.ledger;
    check ??= createCheck(connection, setup, openMirror, run);
    if (runNumber === undefined && run !== undefined) {
      runNumber = run.number;
      check.whenDismissed((customerCodes) => known.dismiss(run.number, customerCodes));
    }
    return check;
  };
}

function createCheck(
  { client, ledger, isSandbox }: Connection,
  setup: StrangerSetup,
  openMirror: () => Promise<CustomerMirror>,
  run: RunRecord | undefined,
): StrangerCheck {
  const { settings, mapper, observer, onlyPlans, stopping, confirmDetails = () => Promise.resolve(false) } = setup;
  const { stamp, keySource, country, keyColumns } = mapper;
  const { match, repeats } = setup.options;
  const isKeyed = keyColumns.length > 0;
  // A key is new also where its customer is known otherwise: from rows without keys, by its code, by another system's key.
  const afterUpgrade = findUpgrade(ledger, keySource);
  const isByKey = isKeyed && afterUpgrade !== 'first';
  return new StrangerCheck(
    {
      api: client,
      known: ledger.known,
      compared: isByKey ? ledger.known.withoutKeyOf(keySource) : ledger.known,
      concurrency: settings.concurrency.value,
      ratePerSecond: settings.ratePerSecond.value,
      stopping,
      notice: (issue) => observer.notice?.(issue),
      sleep: (delayMs) => sleep(delayMs, stopping),
      openMirror,
      confirmDetails,
    },
    {
      ...(stamp === undefined ? {} : { stamp: { field: stamp, source: keySource, afterUpgrade } }),
      ...(country === undefined ? {} : { country }),
      fields: mapper.fields,
      ...findDismissed(ledger, setup.allNew, run),
      ...findLostSince(ledger, run),
      isKnownEmpty: isSandbox,
      isUnknownAccount: (strangers, knownCount) =>
        !hasSent(ledger, run) &&
        ((isKeyed && !ledger.crosswalk.hasKeysOf(keySource)) ||
          isUnknownAccount(ledger.runs.all(), keySource, strangers > knownCount)),
      findsKnownByFields: !isKeyed && match.length > 0 && repeats === 'error',
      onlyPlans,
    },
  );
}

/** Clocks and late commits may be off by this much. */
const clockMarginMs = 10 * 60_000;

/** From when on the ledger may not know what was added: since the run was begun, or since it has lost its last commits. */
function findLostSince({ age }: Connection['ledger'], run: RunRecord | undefined) {
  const sinceMs = run?.notedAtMs ?? age.gap()?.fromMs;
  return sinceMs === undefined ? {} : { lostSinceMs: sinceMs - clockMarginMs };
}

/** What a person said holds for the strangers of that moment: a run that goes on later compares the others. */
function findDismissed({ known }: Connection['ledger'], isAllNew: boolean, run: RunRecord | undefined) {
  const dismissed = run === undefined ? undefined : known.dismissed(run.number);
  const isSaid = isAllNew && dismissed === undefined;
  return {
    dismissed: dismissed ?? new Set<string>(),
    ...(isSaid ? { dismissedBeforeMs: run?.notedAtMs ?? Number.POSITIVE_INFINITY } : {}),
  };
}

/** A run that has sent rows was let into the account before: rows that look familiar wait, and do not stop it. */
function hasSent({ runs }: Connection['ledger'], run: RunRecord | undefined): boolean {
  if (run?.notedAtMs === undefined) return false;
  const { created, updated, in_doubt: inDoubt } = runs.countRows(run.number);
  return created + updated + inDoubt > 0;
}

/**
 * Whether the ledger has no finished import of the key's source into this account, or knows fewer of its customers than
 * there are others. A ledger of an older version, which did not ask, does not ask in its next run either.
 */
function isUnknownAccount(runs: Iterable<RunRecord>, source: string | undefined, areStrangersMore: boolean): boolean {
  const last = findLastImport(runs, source);
  return last === undefined || (!isOfOlderVersion(last) && areStrangersMore);
}

/**
 * Whether keys of this source were imported by a version that did not compare strangers: last, so that the next run asks
 * nothing new, or at some time, so that no later night stops for what that version left unread.
 */
function findUpgrade(
  { crosswalk, runs }: Connection['ledger'],
  source: string | undefined,
): 'first' | 'later' | undefined {
  if (!crosswalk.hasKeysOf(source)) return undefined;
  const [last, ...earlier] = listImports(runs.all(), source);
  if (last === undefined) return undefined;
  if (isOfOlderVersion(last)) return 'first';
  return earlier.some(isOfOlderVersion) ? 'later' : undefined;
}

interface ImportOptionsOfRun {
  readonly first?: number;
  readonly keySource?: string | null;
}

/** The options of the last finished import of whole files with keys of this source. */
function findLastImport(runs: Iterable<RunRecord>, source: string | undefined): ImportOptionsOfRun | undefined {
  for (const last of listImports(runs, source)) return last;
  return undefined;
}

function* listImports(runs: Iterable<RunRecord>, source: string | undefined): Generator<ImportOptionsOfRun> {
  for (const { command, state, options } of runs) {
    const { first, keySource }: ImportOptionsOfRun = options;
    const isWhole = command === 'import' && state === 'completed' && first === undefined;
    if (isWhole && (keySource ?? undefined) === source) yield keySource === undefined ? {} : { keySource };
  }
}

function isOfOlderVersion({ keySource }: ImportOptionsOfRun): boolean {
  return keySource === undefined;
}
