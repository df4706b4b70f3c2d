import type { Customer } from '#pipelines/model.js';
import type { CustomersApi, ListQuery } from '#pipelines/ports.js';
import { type ListingQuery, listCustomers } from './list-customers.js';
import { type CustomerMirror, identityAndDates } from './mirror.js';

export interface RefreshPorts {
  readonly api: CustomersApi;
  readonly mirror: CustomerMirror;
  /** Epoch milliseconds, our clock. */
  readonly now: () => number;
  /** The server's clock minus ours, in milliseconds; `undefined` before its first answer. */
  readonly clockDifferenceMs: () => number | undefined;
}

export interface RefreshOptions {
  /** Forget what is known and read everything anew. */
  readonly anew?: boolean;
  /** Also read the flat view of customers that this program added itself; without it, what was sent is enough. */
  readonly needsFlat?: boolean;
  /** Customers on a page of the flat view. @default 500 */
  readonly pageSize?: number;
}

export interface RefreshResult {
  /** `whole`: everything was listed, `changes`: only what was edited since. */
  readonly kind: 'whole' | 'changes';
  readonly customers: number;
  /** Customers that were read because they were new or changed. */
  readonly read: number;
  readonly removed: number;
}

/** Why the mirror could not be shown to be up to date; what was read is kept. */
export class RefreshError extends Error {
  constructor(
    readonly reason: 'list_empty' | 'list_blind' | 'list_moves' | 'list_incomplete',
    /** What was found, as a whole sentence. */
    readonly detail = '',
  ) {
    super(reason);
  }
}

const flatPageSize = 500;
/** Rows of ids and dates are short, and only memory limits the size of a page. */
const idsPerFlat = 20;
/** Clocks, the filter by whole minutes and late commits may be off by this much. */
const marginMs = 2 * 60_000;
/** A list that is not whole in two readings will not be in a third. */
const maxPasses = 2;
/** A replica of the server's database may be behind by minutes. */
const witnessMs = 60 * 60_000;
/** Beyond this, a page of the list costs less than the details one by one. */
const maxDetails = 20;

type Range = Pick<ListQuery, 'changedSince'>;

interface RefreshCounts {
  read: number;
  removed: number;
}

/**
 * Brings the mirror up to date: everything the first time, afterwards only what the last-edit filter lists. Deleted
 * customers leave no trace there, so the API's count is compared with the mirror's, and only when they differ
 * all ids are listed.
 *
 * @throws RefreshError; errors of the API
 */
export async function refreshMirror(ports: RefreshPorts, options: RefreshOptions = {}): Promise<RefreshResult> {
  const { mirror, now } = ports;
  if (options.anew === true) mirror.refresher.clear();
  const counts: RefreshCounts = { read: 0, removed: 0 };
  const since = mirror.freshUntilMs;
  const startedAtMs = now();
  const serverStartMs = () => startedAtMs + (ports.clockDifferenceMs() ?? 0);
  const end = (kind: RefreshResult['kind']) => {
    mirror.refresher.freshUntil(serverStartMs());
    return { kind, customers: mirror.count(), ...counts };
  };
  // There is nobody whom an edit or a removal could concern.
  if (since === undefined && (await readWhole(ports, options, counts)) === 0) return end('whole');
  // Also after all was read: what was edited meanwhile may have been read before its edit.
  const range = { changedSince: new Date((since ?? serverStartMs()) - marginMs) };
  const written = new Set<string>(
    since === undefined ? [] : findWitnesses(ports, since - (ports.clockDifferenceMs() ?? 0)),
  );
  const unseen = new Set(written);
  await readRange(ports, options, range, counts, unseen);
  // What this program wrote itself must be among the edits: a filter that goes by another clock would hide those of others.
  const isBlind = written.size > 0 && unseen.size === written.size;
  let total = isBlind ? undefined : await readTotal(ports);
  if (total !== undefined && total !== mirror.count()) {
    // A customer may have been added between the two requests.
    await readRange(ports, options, range, counts);
    total = await readTotal(ports);
  }
  for (let pass = 1; total !== mirror.count(); pass += 1) {
    if (pass > maxPasses)
      throw new RefreshError(
        'list_incomplete',
        `The API counts ${total} customers, but ${mirror.count()} were read, in ${maxPasses} readings.`,
      );
    await readWhole(ports, options, counts);
    if (pass > 1) await readRange(ports, options, range, counts);
    total = await readTotal(ports);
  }
  return end(since === undefined ? 'whole' : 'changes');
}

/** Pages of the flat view that a whole reading takes, at least; asks the API how many customers there are. */
export async function countPages(api: CustomersApi): Promise<number> {
  return Math.ceil((await api.list({ page: 1, pageSize: 1, fields: ['customerCode'] })).total / flatPageSize);
}

/**
 * More often a right that was taken away, or never given, than a table that was emptied; to act on it would add everybody
 * anew.
 */
function listsNobody(mirror: CustomerMirror): RefreshError {
  return new RefreshError(mirror.hasListed ? 'list_empty' : 'list_blind');
}

/** How many customers there are. @throws RefreshError when the list shows nobody of those who are known, or does not say */
async function readTotal({ api, mirror }: Pick<RefreshPorts, 'api' | 'mirror'>): Promise<number> {
  const { customers, total } = await api.list({ page: 1, pageSize: 1, fields: ['customerCode'] });
  if (customers.length === 0 && mirror.count() > 0) throw listsNobody(mirror);
  if (customers.length > 0 && total === 0)
    throw new RefreshError('list_incomplete', 'The API does not say how many customers there are (liTotalCount).');
  return total;
}

const maxWitnesses = 5;

/** Customers that this program has written since then; epoch milliseconds, our clock. */
function findWitnesses({ mirror }: RefreshPorts, sinceMs: number): Set<string> {
  return new Set(mirror.refresher.writtenSince(sinceMs, maxWitnesses));
}

/** @returns how many were listed */
async function readWhole(ports: RefreshPorts, options: RefreshOptions, counts: RefreshCounts): Promise<number> {
  const { refresher: refreshing } = ports.mirror;
  const known = ports.mirror.count();
  const startedAtMs = ports.now();
  refreshing.beginListing();
  const unseen = findWitnesses(ports, startedAtMs - witnessMs);
  const listed = await readRange(ports, options, {}, counts, unseen);
  if (listed === 0 && known > 0) throw listsNobody(ports.mirror);
  await refuseStaleList(ports, unseen);
  counts.removed += refreshing.forgetUnseen(startedAtMs);
  return listed;
}

/** A list that lacks a customer whom this program wrote lately, and who exists, is an old one. */
async function refuseStaleList({ api }: RefreshPorts, unseen: ReadonlySet<string>): Promise<void> {
  for (const code of unseen) {
    const answer = await api.get(code);
    if (answer.kind === 'found')
      throw new RefreshError(
        'list_incomplete',
        `It does not show customer ${code}, which exists and which this program wrote not long ago.`,
      );
  }
}

/**
 * Lists a range by id and date first, then reads the customers of it that are not known as they are now.
 *
 * @param unseen - codes; those that are listed are taken out
 * @returns how many were listed
 */
async function readRange(
  ports: RefreshPorts,
  options: RefreshOptions,
  range: Range,
  counts: RefreshCounts,
  unseen?: Set<string>,
): Promise<number> {
  const { mirror } = ports;
  const { needsFlat = false, pageSize = flatPageSize } = options;
  if (mirror.count() === 0) return readFlat(ports, pageSize, range, counts, unseen);
  const outdated: string[] = [];
  let outdatedCount = 0;
  const light = { ...range, fields: identityAndDates, pageSize: pageSize * idsPerFlat };
  const listed = await readList(ports, light, (rows) => {
    removeListed(rows, unseen);
    const codes = mirror.refresher.findOutdated(rows, needsFlat);
    outdatedCount += codes.length;
    outdated.push(...codes.slice(0, maxDetails + 1 - outdated.length));
  });
  if (outdatedCount === 0) return listed;
  const maxCalls = Math.min(Math.ceil(listed / pageSize), maxDetails);
  if (outdatedCount <= maxCalls && (await readDetails(ports, outdated, counts))) return listed;
  return readFlat(ports, pageSize, range, counts);
}

function readFlat(
  ports: RefreshPorts,
  pageSize: number,
  range: Range,
  counts: RefreshCounts,
  unseen?: Set<string>,
): Promise<number> {
  return readList(ports, { ...range, pageSize }, (rows) => {
    removeListed(rows, unseen);
    counts.read += ports.mirror.refresher.saveListed(rows);
  });
}

function removeListed(rows: readonly Customer[], unseen: Set<string> | undefined): void {
  if (unseen === undefined || unseen.size === 0) return;
  for (const { customerCode } of rows) unseen.delete(String(customerCode));
}

/** @returns how many customers were listed */
async function readList(
  { api }: RefreshPorts,
  query: ListingQuery,
  take: (rows: readonly Customer[]) => void,
): Promise<number> {
  // Whoever is behind the last customer of a list of edits shows in the count of all.
  const isWhole = query.changedSince === undefined;
  for (let pass = 1; ; pass += 1) {
    const listing = listCustomers(api, { ...query, probesEnd: isWhole });
    for await (const rows of listing.pages) take(rows);
    const { reachedEnd, complete, contradicts = false, seen, reason } = listing.proof();
    if (complete) return seen;
    if (pass < maxPasses) continue;
    // Who was left out would be taken for nobody, and added once more.
    throw new RefreshError(reachedEnd || contradicts ? 'list_incomplete' : 'list_moves', reason);
  }
}

/** @returns whether all of them were answered */
async function readDetails(ports: RefreshPorts, codes: readonly string[], counts: RefreshCounts): Promise<boolean> {
  for (const code of codes) {
    const answer = await ports.api.get(code);
    if (answer.kind === 'unanswered') return false;
    if (answer.kind === 'absent') ports.mirror.forget(code);
    else ports.mirror.saveDetail(answer.customer);
    counts.read += 1;
  }
  return true;
}
