import { publishMilestone } from '#pipelines/milestones.js';
import { LoginError, RunStoppedError } from '#src/errors.js';
import type { SendAttempt } from './request.js';
import { sleep } from './sleep.js';
import { type CachedToken, type LoginLease, type TokenStore, tokensPerDay } from './token-store.js';

/** A token lives two hours [vendor]; it is renewed before a slow request could meet its end. */
const tokenLifetimeMs = 2 * 60 * 60_000;
const renewBeforeEndMs = 5 * 60_000;
/** How long a token is used without reading the store again: every request needs it, and other processes rarely change it. */
const tokenCacheMs = 1000;
const otherLoginPollMs = 100;
const maxOtherLoginMs = 90_000;

/**
 * Asks the API for a token; throws `LoginError` when it says no.
 *
 * @param beforeEachAttempt - called before every attempt, retries included
 */
export type Login = (beforeEachAttempt: () => void) => Promise<string>;

export interface Session {
  /** A token that should be good for some minutes. */
  getToken(): Promise<string>;
  /** Called when the API did not take `token`: resolves when there is another one to try. */
  renew(token: string): Promise<void>;
  /** Logs in even when there is a good token. */
  forceLogin(): Promise<void>;
  /** Tokens obtained by this session. */
  readonly tokensObtained: number;
}

/** Adds the token to every attempt except the login itself. */
export function authorize(send: SendAttempt, getSession: () => Session): SendAttempt {
  return async (request) => {
    if (request.verb === 'login') return send(request);
    const token = await getSession().getToken();
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    return { ...(await send({ ...request, headers })), token };
  };
}

/** A session with a fixed token from elsewhere, which cannot be renewed. */
export function fixedSession(token: string): Session {
  return {
    tokensObtained: 0,
    getToken: () => Promise.resolve(token),
    forceLogin: () => Promise.resolve(),
    renew: () =>
      Promise.reject(
        new LoginError(
          'The API did not accept the access token in MYPOS_CONNECT_ACCESS_TOKEN; tokens expire after two hours.',
          {
            code: 'ACCESS_TOKEN_REFUSED',
            nextStep:
              'Set a new token, or set MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD so that one is fetched when needed.',
          },
        ),
      ),
  };
}

/** A session that logs in when needed: once for everybody who waits, in this process and in the others of this user. */
export function loginSession(options: {
  readonly login: Login;
  readonly store: TokenStore;
  readonly stopping: AbortSignal;
  readonly now?: () => number;
}): Session {
  const { login, store, stopping, now = Date.now } = options;
  let obtained = 0;
  let inFlight: Promise<string> | undefined;
  let kept: { readonly cached: CachedToken; readonly readAtMs: number } | undefined;

  function fresh(): string | undefined {
    const nowMs = now();
    const isKept = kept !== undefined && kept.readAtMs <= nowMs && nowMs < kept.readAtMs + tokenCacheMs;
    const cached = isKept ? kept?.cached : store.read();
    if (!isKept) kept = cached === undefined ? undefined : { cached, readAtMs: nowMs };
    if (cached === undefined || !isFresh(cached, nowMs)) return undefined;
    return cached.token;
  }

  async function obtain(anew: boolean): Promise<string> {
    const startedAt = now();
    for (;;) {
      const shared = anew ? undefined : fresh();
      if (shared !== undefined) return shared;
      const claim = store.claimLogin(now());
      if (claim.kind === 'exhausted') throw tokensExhausted(claim.usedToday);
      if (claim.kind === 'granted') return loginNow(claim.right);
      if (now() - startedAt > maxOtherLoginMs) throw otherLoginStuck();
      await sleep(otherLoginPollMs, stopping);
    }
  }

  async function loginNow(right: LoginLease): Promise<string> {
    try {
      const token = await login(() => {
        const counted = right.count(now());
        if (counted.kind === 'exhausted') throw tokensExhausted(counted.usedToday);
      });
      obtained += 1;
      publishMilestone('during-token-save');
      store.save({ token, obtainedAtMs: now() });
      kept = undefined;
      return token;
    } catch (error) {
      right.release();
      throw error;
    }
  }

  function once(anew: boolean): Promise<string> {
    inFlight ??= obtain(anew).finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  function bearer(): Promise<string> {
    const shared = inFlight === undefined ? fresh() : undefined;
    return shared === undefined ? once(false) : Promise.resolve(shared);
  }

  return {
    get tokensObtained() {
      return obtained;
    },
    getToken: bearer,
    async renew(token) {
      store.forget(token);
      kept = undefined;
      await bearer();
    },
    async forceLogin() {
      // A valid token is kept until there is another one: the login may fail, and other processes use it.
      await once(true);
    },
  };
}

function isFresh(cached: CachedToken, nowMs: number): boolean {
  // A token from the future means that the clock was set back, so its age is unknown and it is not used.
  return cached.obtainedAtMs <= nowMs && nowMs < cached.obtainedAtMs + tokenLifetimeMs - renewBeforeEndMs;
}

function tokensExhausted(usedToday: number): LoginError {
  return new LoginError(
    `${usedToday} of the ${tokensPerDay.hard} tokens that the API issues per UTC day are used; the last ${tokensPerDay.hard - tokensPerDay.soft} are reserved.`,
    {
      code: 'TOKENS_EXHAUSTED',
      nextStep:
        'Try again after midnight UTC. If this happens often, make all jobs use one --state-dir, so that they share a token.',
    },
  );
}

function otherLoginStuck(): RunStoppedError {
  return new RunStoppedError('Another process has been logging in for more than a minute.', {
    code: 'LOGIN_STUCK',
    nextStep: 'Try again. If it happens again, find the mypos-customers process that hangs and stop it.',
  });
}
