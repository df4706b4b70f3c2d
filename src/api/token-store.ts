/** A bearer token and when it was obtained. */
export interface CachedToken {
  readonly token: string;
  /** Epoch milliseconds, our clock. */
  readonly obtainedAtMs: number;
}

/** Where tokens are kept between processes: all processes of a user share one token and one day's count. */
export interface TokenStore {
  /** The last token that any process saved. */
  read(): CachedToken | undefined;
  /** Claims the right to log in, which one process at a time has. */
  claimLogin(nowMs: number): LoginClaim;
  /** Saves the token and ends the claim. */
  save(token: CachedToken): void;
  /** Tokens asked for in the UTC day of this moment. */
  usedToday(nowMs: number): number;
  /** Forgets a token that the API no longer accepts, if it is still the saved one. */
  forget(token: string): void;
}

export type LoginClaim =
  | { readonly kind: 'granted'; readonly right: LoginLease }
  /** Another process is logging in right now. */
  | { readonly kind: 'wait' }
  | TokensExhausted;

export interface TokensExhausted {
  readonly kind: 'exhausted';
  readonly usedToday: number;
}

/** Held by the one process that logs in. */
export interface LoginLease {
  /**
   * Counts one token of the UTC day; to be called before each call to the API, since a lost answer costs one too. It
   * also tells the other processes that this one is alive.
   */
  count(nowMs: number): { readonly kind: 'counted' } | TokensExhausted;
  /** Ends a claim that gave no token, unless another process has taken it over. */
  release(): void;
}

/** The API gives at most 250 tokens in a UTC day [vendor]; the last ten are reserved for people. */
export const tokensPerDay = { hard: 250, soft: 240 } as const;
