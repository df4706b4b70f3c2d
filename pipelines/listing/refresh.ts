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
  if (since === undefined && (await readWhole(ports, options, counts)) === 0) {
    // There is nobody whom an edit or a removal could concern.
    mirror.refresher.freshUntil(startedAtMs + (ports.clockDifferenceMs() ?? 0));
    return { kind: 'whole', customers: 0, ...counts };
  }
  // Also after all was read: what was edited meanwhile may have been read before its edit.
  const from = since ?? startedAtMs + (ports.clockDifferenceMs() ?? 0);
  await readRange(ports, options, { changedSince: new Date(from - marginMs) }, counts);
  if (!(await countsAgree(ports))) {
    // A customer may have been added between the two requests.
    await readRange(ports, options, { changedSince: new Date(from - marginMs) }, counts);
    if (!(await countsAgree(ports))) await readWhole(ports, options, counts);
  }
  mirror.refresher.freshUntil(startedAtMs + (ports.clockDifferenceMs() ?? 0));
  return { kind: since === undefined ? 'whole' : 'changes', customers: mirror.count(), ...counts };
}

/** Pages of the flat view that a whole reading takes, at least; asks the API how many customers there are. */
export async function countPages(api: CustomersApi): Promise<number> {
  return Math.ceil((await readTotal(api)) / flatPageSize);
}

async function countsAgree({ api, mirror }: RefreshPorts): Promise<boolean> {
  const total = await readTotal(api);
  const known = mirror.count();
  if (total === 0 && known > 0) throw listsNobody(mirror);
  return total === known;
}

/**
 * More often a right that was taken away, or never given, than a table that was emptied; to act on it would add everybody
 * anew.
 */
function listsNobody(mirror: CustomerMirror): RefreshError {
  return new RefreshError(mirror.hasListed ? 'list_empty' : 'list_blind');
}

async function readTotal(api: CustomersApi): Promise<number> {
  return (await api.list({ page: 1, pageSize: 1, fields: ['customerCode'] })).total;
}

/** @returns how many were listed */
async function readWhole(ports: RefreshPorts, options: RefreshOptions, counts: RefreshCounts): Promise<number> {
  const { refresher: refreshing } = ports.mirror;
  const known = ports.mirror.count();
  const startedAtMs = ports.now();
  refreshing.beginListing();
  const listed = await readRange(ports, options, {}, counts);
  if (listed === 0 && known > 0) throw listsNobody(ports.mirror);
  counts.removed += refreshing.forgetUnseen(startedAtMs);
  return listed;
}

/**
 * Lists a range by id and date first, then reads the customers of it that are not known as they are now.
 *
 * @returns how many were listed
 */
async function readRange(
  ports: RefreshPorts,
  options: RefreshOptions,
  range: Range,
  counts: RefreshCounts,
): Promise<number> {
  const { mirror } = ports;
  const { needsFlat = false, pageSize = flatPageSize } = options;
  if (mirror.count() === 0) return readFlat(ports, pageSize, range, counts);
  const outdated: string[] = [];
  let outdatedCount = 0;
  const light = { ...range, fields: identityAndDates, pageSize: pageSize * idsPerFlat };
  const listed = await readList(ports, light, (rows) => {
    const codes = mirror.refresher.findOutdated(rows, needsFlat);
    outdatedCount += codes.length;
    outdated.push(...codes.slice(0, maxDetails + 1 - outdated.length));
  });
  if (outdatedCount === 0) return listed;
  const maxCalls = Math.min(Math.ceil(listed / pageSize), maxDetails);
  if (outdatedCount <= maxCalls && (await readDetails(ports, outdated, counts))) return listed;
  return readFlat(ports, pageSize, range, counts);
}

function readFlat(ports: RefreshPorts, pageSize: number, range: Range, counts: RefreshCounts): Promise<number> {
  return readList(ports, { ...range, pageSize }, (rows) => {
    counts.read += ports.mirror.refresher.saveListed(rows);
  });
}

/** @returns how many customers were listed */
async function readList(
  { api }: RefreshPorts,
  query: ListingQuery,
  take: (rows: readonly Customer[]) => void,
): Promise<number> {
  const listing = listCustomers(api, query);
  for await (const rows of listing.pages) take(rows);
  const { reachedEnd, complete, seen, reason } = listing.proof();
  if (!reachedEnd) throw new RefreshError('list_moves');
  // Who was left out would be taken for nobody, and added once more.
  if (!complete) throw new RefreshError('list_incomplete', reason);
  return seen;
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
