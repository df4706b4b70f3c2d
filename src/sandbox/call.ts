/** What a request asks of the API; faults and the log use the same words. */
export const callKinds = ['login', 'list', 'detail', 'add', 'update', 'delete'] as const;

export type CallKind = (typeof callKinds)[number];

/** Rights are given per verb. */
export const verbs = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export type Verb = (typeof verbs)[number];

/** The verb of each method on customers; logging in needs no right. */
export const verbByKind = {
  list: 'GET',
  detail: 'GET',
  add: 'POST',
  update: 'PUT',
  delete: 'DELETE',
} as const satisfies Record<Exclude<CallKind, 'login'>, Verb>;

/** One request, free of the web server that received it. */
export interface Call {
  readonly kind: CallKind;
  /** The last step of the path: a customer's id or code. */
  readonly identifier: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly bodyText: string;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes back over the wire. Without `content-type` among the headers the body is JSON. */
export interface ApiResponse {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is wrong with one field of the body or one argument of the query. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** The one shape of every error body. */
export function errorResponse(
  status: number,
  failureDescription: string,
  errors: readonly FieldError[] = [],
): ApiResponse {
  return { status, body: JSON.stringify({ failureDescription, errors }) };
}

/** A 400 that names every wrong field. */
export function badRequest(errors: readonly FieldError[]): ApiResponse {
  return errorResponse(400, errors.map((error) => error.message).join(' '), errors);
}

export const jsonContentType = 'application/json; charset=utf-8';

export const htmlContentType = 'text/html; charset=utf-8';
