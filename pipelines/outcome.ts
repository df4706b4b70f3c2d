import type { Reason } from './row.js';

/** What can become of a row; the names are the `_status` values of the result file. */
export const rowStatuses = [
  'created',
  'updated',
  'unchanged',
  'deleted',
  'deactivated',
  'invalid',
  'rejected',
  'failed',
  'in_doubt',
  'skipped',
] as const;

export type RowStatus = (typeof rowStatuses)[number];

/** How many rows ended in each status. */
export type RowCounts = Readonly<Record<RowStatus, number>>;

/** Identity of a customer at the API. */
export interface CustomerIdentity {
  readonly customerCode: string;
  readonly customerId?: string;
}

/** What the API said when it refused, as the result file shows it. */
export interface Refusal {
  readonly httpStatus?: number;
  readonly errorCode: string;
  readonly message: string;
  /** Customer fields that the API named. */
  readonly fields?: readonly string[];
  /** Source columns concerned. */
  readonly columns?: readonly string[];
  /** The error body, verbatim. */
  readonly response?: string;
}

/**
 * The one end of a row. `attempts` counts requests that changed or meant to change the customer; `httpStatus` is
 * absent where the answer was lost and reconciliation found out; `notes` say what else the user should know.
 */
export type RowOutcome =
  | ({
      readonly status: 'created' | 'updated' | 'deleted' | 'deactivated';
      readonly attempts: number;
      readonly httpStatus?: number;
      readonly notes?: readonly Reason[];
    } & CustomerIdentity)
  | ({ readonly status: 'unchanged'; readonly attempts: number } & CustomerIdentity)
  | { readonly status: 'invalid'; readonly reasons: readonly Reason[]; readonly attempts: 0 }
  | ({
      readonly status: 'rejected' | 'failed' | 'in_doubt';
      readonly attempts: number;
      readonly customerCode?: string;
      readonly customerId?: string;
    } & Refusal)
  | {
      readonly status: 'skipped';
      readonly reason: Reason;
      readonly attempts: 0;
      readonly customerCode?: string;
      readonly customerId?: string;
    };
