import type { Customer } from '#pipelines/customer.js';
import type { CustomerSource } from '#pipelines/export.js';
import { listOnlyFields } from '#pipelines/mapping/customer-fields.js';
import type { ListQuery } from '#pipelines/ports.js';
import { readMirrored } from '#pipelines/stages/read-mirrored.js';
import { type PassQuery, readPass } from '#pipelines/stages/read-pass.js';
import { BusyError, CustomersError } from '#src/errors.js';
import type { Connection } from './connect.js';
import type { ExportWindow } from './export-window.js';
import { freshMirror } from './mirror.js';
import { readDetail } from './read-details.js';

export interface SourceOptions {
  readonly sort: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
  readonly changedUntil?: Date;
  readonly full: boolean;
  /** Whether the local copy may be used. */
  readonly mirror: boolean;
  readonly concurrency: number;
}

/** The order in which customers stand still, whoever edits them. */
export const stableOrder = { field: 'customerCode', descending: false } as const;
/** Customers that may be read before they are written: enough to keep the wire busy, little enough to hold. */
const mostCustomersAhead = 8000;

/** Where an export's customers come from: the API's pages, or a local copy that a few calls make fresh. */
export async function openSource(
  connection: Connection,
  options: SourceOptions,
  window: ExportWindow,
): Promise<CustomerSource & { readonly kind: 'pages' | 'mirror' }> {
  const listed = canUseMirror(connection, options, window) ? await fieldsOfFreshMirror(connection) : undefined;
  const { ledger, client } = connection;
  return {
    kind: listed === undefined ? 'pages' : 'mirror',
    begin(narrow) {
      const query = queryOf(connection, options, window, narrow);
      const pass =
        listed === undefined
          ? readPass(client, query)
          : readMirrored(
              { api: client, mirror: ledger.mirror, detailOf: (code) => readDetail(client, code), listed },
              query,
            );
      window.begin(pass.startedAtMs);
      return pass;
    },
  };
}

function queryOf(
  { client }: Connection,
  { sort, pageSize, concurrency, changedUntil }: SourceOptions,
  { changedSince }: ExportWindow,
  narrow: NonNullable<PassQuery['narrow']>,
): PassQuery {
  return {
    sort,
    pageSize,
    pagesAhead: Math.max(1, Math.min(concurrency, Math.floor(mostCustomersAhead / pageSize))),
    narrow,
    clock: { now: Date.now, serverTime: (ourMs) => ourMs + (client.traffic.clockDifferenceMs ?? 0) },
    ...(changedSince === undefined ? {} : { changedSince }),
    ...(changedUntil === undefined ? {} : { changedUntil }),
  };
}

/** A copy that was never made is not made for this: the pages that it takes are the export. */
function canUseMirror({ ledger }: Connection, options: SourceOptions, { changedSince }: ExportWindow): boolean {
  const { mirror, full, sort, changedUntil } = options;
  const isWhole = changedSince === undefined && changedUntil === undefined;
  const isStable = sort.field.toLowerCase() === stableOrder.field.toLowerCase() && !sort.descending;
  return mirror && !full && isWhole && isStable && ledger.mirror.freshUntilMs !== undefined;
}

/** Makes the copy fresh. @returns the fields that the list has; nothing when the copy cannot be used now */
async function fieldsOfFreshMirror(connection: Connection): Promise<readonly string[] | undefined> {
  try {
    const lock = connection.ledger.lock('export');
    try {
      await freshMirror(connection, { needsFlat: true });
    } finally {
      lock.release();
    }
  } catch (error) {
    if (error instanceof BusyError || (error instanceof CustomersError && notFresh.has(error.code))) return undefined;
    throw error;
  }
  const [first] = (await connection.client.list({ page: 1, pageSize: 1, sort: stableOrder })).customers;
  return first === undefined ? undefined : fieldsOf(first);
}

const notFresh: ReadonlySet<string> = new Set(['LIST_EMPTY', 'LIST_MOVES']);

function fieldsOf(customer: Customer): readonly string[] {
  return Object.keys(customer).filter((name) => !listOnlyFields.has(name));
}
