import type { Customer, Draft } from './customer.js';
import type { Refusal } from './outcome.js';
import type { Reason, Row } from './row.js';

/** An input file that can be read from its start as often as needed. */
export interface RowSource {
  /** The file as the user named it. */
  readonly file: string;
  readonly format: 'csv' | 'xlsx' | 'ndjson';
  /** Columns in file order; those whose name begins with `_` are left out already. */
  readonly columns: readonly string[];
  /** What was detected (encoding, delimiter, header row, sheet …), for people and for `--json`. */
  readonly detected: SourceDetection;
  /** What the user should know about the file as a whole. Complete only after `batches()` has ended. */
  readonly notices: readonly Notice[];
  /** Data rows in file order, a batch per step. Every call reads the file anew, with the same `index` per row. */
  batches(): AsyncIterable<readonly Row[]>;
}

export interface SourceDetection {
  readonly format: 'csv' | 'xlsx' | 'ndjson';
  readonly encoding?: string;
  readonly bom?: boolean;
  readonly delimiter?: string;
  readonly lineEnd?: 'LF' | 'CRLF' | 'CR' | 'mixed';
  readonly compression?: 'gzip';
  readonly sheet?: string;
  /** 1-based line or row number of the header; absent for NDJSON. */
  readonly headerRow?: number;
}

/** A remark about the input that does not stop it. */
export interface Notice {
  readonly code: string;
  readonly message: string;
  /** 1-based line or row, where there is one. */
  readonly row?: number;
  readonly columns?: readonly string[];
}

/** The Customers API. Run-stopping failures (login, 403, dead network, token budget) are thrown, see `errors`. */
export interface CustomersApi {
  list(query: ListQuery): Promise<CustomerPage>;
  /** `undefined` when the API knows no such customer. */
  get(idOrCode: string): Promise<Customer | undefined>;
  add(draft: Draft): Promise<WriteAnswer>;
  update(customerCode: string, customer: Customer): Promise<WriteAnswer>;
  delete(customerCode: string): Promise<DeleteAnswer>;
}

export interface ListQuery {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly sort?: { readonly field: string; readonly descending: boolean };
  readonly fields?: readonly string[];
  /** Inclusive bounds on the last edit; the API knows minutes only, so the client widens to whole minutes. */
  readonly changedSince?: Date;
  readonly changedUntil?: Date;
}

export interface CustomerPage {
  readonly customers: readonly Customer[];
  /** `liTotalCount`; 0 when the page is empty, since the count only rides on rows. */
  readonly total: number;
}

/** What is known after an add or an update. */
export type WriteAnswer =
  | { readonly kind: 'applied'; readonly customer: Customer; readonly httpStatus: number; readonly attempts: number }
  /** The API said no: it will say no again. */
  | ({ readonly kind: 'refused'; readonly attempts: number } & Refusal)
  /** Certainly not applied; may be sent again. */
  | ({ readonly kind: 'not_applied'; readonly attempts: number } & Refusal)
  /** Sent, and nobody knows. */
  | ({ readonly kind: 'in_doubt'; readonly attempts: number } & Refusal);

export type DeleteAnswer =
  | { readonly kind: 'deleted' | 'deactivated'; readonly httpStatus: number; readonly attempts: number }
  | Exclude<WriteAnswer, { kind: 'applied' }>;

/** Checks a draft; an empty list means that it may be sent. */
export type ValidateDraft = (draft: Draft) => readonly Reason[];
