import { type LoginLease, type TokenStore, tokensPerDay } from '#src/api/token-store.js';
import { isProcessAlive } from '#src/is-process-alive.js';
import type { Database } from '#src/sqlite/open-database.js';

/** A claim older than this belongs to a process that died while logging in, even if its process id is in use again. */
const claimLifetimeMs = 60_000;

/** Keeps tokens in the tenant's ledger: only its owner can read the file, and SQLite makes each step atomic. */
export function openTokenStore(database: Database): TokenStore {
  const read = database.prepare('SELECT token, obtained_at FROM tokens');
  const claimed = database.prepare('SELECT login_claimed_at, login_claimed_by FROM tokens');
  const claim = database.prepare('UPDATE tokens SET login_claimed_at = ?, login_claimed_by = ?');
  const save = database.prepare('UPDATE tokens SET token = ?, obtained_at = ?, login_claimed_at = NULL');
  const extend = database.prepare('UPDATE tokens SET login_claimed_at = ? WHERE login_claimed_at = ?');
  const release = database.prepare('UPDATE tokens SET login_claimed_at = NULL WHERE login_claimed_at = ?');
  const forget = database.prepare('UPDATE tokens SET token = NULL, obtained_at = NULL WHERE token = ?');
  const used = database.prepare('SELECT used FROM token_days WHERE day = ?');
  const count = database.prepare(
    'INSERT INTO token_days (day, used) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET used = used + 1',
  );
  const checkDailyLimit = (day: string) => {
    const usedToday = countUsed(day);
    return usedToday >= tokensPerDay.soft ? ({ kind: 'exhausted', usedToday } as const) : undefined;
  };
  const countUsed = (day: string) => Number(used.get(day)?.used ?? 0);
  /** A lease is identified by the time of its claim: no two are granted at the same time. */
  function createLease(claimedAtMs: number): LoginLease {
    let since = claimedAtMs;
    return {
      count: (nowMs) =>
        database.transaction(() => {
          const exhausted = checkDailyLimit(toUtcDay(nowMs));
          if (exhausted !== undefined) return exhausted;
          count.run(toUtcDay(nowMs));
          if (extend.run(nowMs, since).changes > 0) since = nowMs;
          return { kind: 'counted' } as const;
        }),
      release: () => {
        release.run(since);
      },
    };
  }

  return {
    usedToday: (nowMs) => countUsed(toUtcDay(nowMs)),
    read() {
      const row = read.get();
      if (typeof row?.token !== 'string') return undefined;
      return { token: row.token, obtainedAtMs: Number(row.obtained_at) };
    },
    claimLogin: (nowMs) =>
      database.transaction(() => {
        const { login_claimed_at: since, login_claimed_by: by } = claimed.get() ?? {};
        const recent = typeof since === 'number' && Math.abs(nowMs - since) < claimLifetimeMs;
        if (recent && (typeof by !== 'number' || isProcessAlive(by))) return { kind: 'wait' } as const;
        const exhausted = checkDailyLimit(toUtcDay(nowMs));
        if (exhausted !== undefined) return exhausted;
        claim.run(nowMs, process.pid);
        return { kind: 'granted', right: createLease(nowMs) } as const;
      }),
    save: (token) => {
      save.run(token.token, token.obtainedAtMs);
    },
    forget: (token) => {
      forget.run(token);
    },
  };
}

/** The API counts tokens by UTC days [vendor]. */
function toUtcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
