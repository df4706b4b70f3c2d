/** What goes back over the wire. Without `content-type` among the headers the body is JSON. */
export interface Answer {
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
export function refusal(status: number, failureDescription: string, errors: readonly FieldError[] = []): Answer {
  return { status, body: JSON.stringify({ failureDescription, errors }) };
}

/** A 400 that names every wrong field. */
export function badRequest(errors: readonly FieldError[]): Answer {
  return refusal(400, errors.map((error) => error.message).join(' '), errors);
}

export const jsonContentType = 'application/json; charset=utf-8';

export const htmlContentType = 'text/html; charset=utf-8';
