import type { Code } from '#pipelines/codes.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import {
  countPages,
  RefreshError,
  type RefreshOptions,
  type RefreshResult,
  refreshMirror,
} from '#pipelines/listing/refresh.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, RunStoppedError } from '#src/errors.js';
import type { Connection } from './connect.js';
import { createRunControl, runOnTenant } from './run-on-tenant.js';
import { type ApiSummary, summariseApi } from './run-summary.js';

export type MirrorRefreshed = RefreshResult & { readonly api: ApiSummary };

/**
 * Brings the local copy of the customers up to date: everything the first time, afterwards only what has changed.
 *
 * @param signal - ends it early; what was read by then is kept
 * @throws UsageError, LoginError, RunStoppedError, BusyError
 */
export function refreshCustomers(
  settings: Settings,
  options: Pick<RefreshOptions, 'anew'> & { readonly signal: AbortSignal },
): Promise<MirrorRefreshed> {
  const control = createRunControl(undefined, options.signal);
  return runOnTenant(settings, control, 'mirror refresh', {}, async (connection) => {
    const refreshed = await bringMirrorUpToDate(connection, options);
    return { ...refreshed, api: summariseApi(connection.client) };
  });
}

/**
 * Refreshes the mirror of an open connection, whose lock the caller holds.
 *
 * @throws RunStoppedError when the API suddenly lists no customers, or the list keeps changing
 */
export async function bringMirrorUpToDate(
  { client, ledger }: Connection,
  options: RefreshOptions = {},
): Promise<RefreshResult> {
  const clockDifferenceMs = () => client.traffic.clockDifferenceMs;
  try {
    return await refreshMirror({ api: client, mirror: ledger.mirror, now: Date.now, clockDifferenceMs }, options);
  } catch (error) {
    throw error instanceof RefreshError ? explain(error, ledger.mirror.count()) : error;
  }
}

/**
 * A mirror that is up to date, if it saves more calls than it costs: always once there is one, otherwise when there are
 * more rows than pages of customers.
 *
 * @param isNeeded - there is no other way to find the customers
 * @throws as {@link bringMirrorUpToDate}
 */
export async function openMirrorFor(
  connection: Connection,
  rows: number,
  isNeeded: boolean,
): Promise<CustomerMirror | undefined> {
  const { mirror } = connection.ledger;
  if (!isNeeded && mirror.freshUntilMs === undefined && rows <= (await countPages(connection.client))) return undefined;
  try {
    await bringMirrorUpToDate(connection);
    return mirror;
  } catch (error) {
    // Without it, customers that are known by their code are read one by one.
    if (!isNeeded && isUnusableList(error)) return undefined;
    throw error;
  }
}

const unusableListCodes: ReadonlySet<Code> = new Set(['LIST_MOVES', 'LIST_NOT_WHOLE']);

/** Whether an error says that the list cannot be believed now. */
export function isUnusableList(error: unknown): boolean {
  return error instanceof CustomersError && unusableListCodes.has(error.code);
}

/** An account whose list cannot be believed. */
export function createListNotWhole(fact: string): RunStoppedError {
  return new RunStoppedError(`${fact} Nothing more is sent: customers that cannot be seen would be added again.`, {
    code: 'LIST_NOT_WHOLE',
    nextStep:
      'Let whoever manages your API users give this one the right to read customers, and check it with: mypos-customers doctor. If the account is really empty: mypos-customers mirror refresh --anew',
  });
}

function explain(error: RefreshError, known: number): Error {
  switch (error.reason) {
    case 'list_empty':
      return new RunStoppedError(
        `The API no longer lists any customers, although it listed ${known} before. Nothing was changed.`,
        {
          code: 'LIST_NOT_WHOLE',
          nextStep:
            'Usually this user has lost permission to read customers. If the customers are really gone: mypos-customers mirror refresh --anew',
        },
      );
    case 'list_blind':
      return createListNotWhole(
        `The API lists no customers, although this program has created ${known === 1 ? 'one' : `${known} of them`}.`,
      );
    case 'list_incomplete':
      return new RunStoppedError(`The list of customers is not whole. ${error.detail} Nothing was sent.`, {
        code: 'LIST_NOT_WHOLE',
        nextStep: 'Try again later. If it stays so, ask MYPOS Connect why its list leaves customers out.',
      });
    case 'list_moves':
      return new RunStoppedError('Customers are being deleted faster than the list can be read.', {
        code: 'LIST_MOVES',
        nextStep: 'Try again when the deletions have finished.',
      });
  }
}
