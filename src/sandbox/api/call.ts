/** What a request asks of the API; faults and the log use the same words. */
export const callKinds = ['login', 'list', 'detail', 'add', 'update', 'delete'] as const;

export type CallKind = (typeof callKinds)[number];

/** Rights are given per verb. */
export const verbs = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export type Verb = (typeof verbs)[number];

/** The verb of each method on customers; logging in needs no right. */
export const verbOf = {
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
