import { type TokenStore, tokensPerDay } from '../api/token-store.js';
import type { Database } from '../sqlite/open-database.js';

/** A claim older than this belongs to a process that died while logging in. */
const claimLifetimeMs = 60_000;

/** Tokens in the tenant's ledger: the file is readable by its owner only, and SQLite makes every step atomic. */
export function tokenTable(database: Database): TokenStore {
  const read = database.prepare('SELECT token, obtained_at FROM tokens');
  const claimed = database.prepare('SELECT login_claimed_at FROM tokens');
  const claim = database.prepare('UPDATE tokens SET login_claimed_at = ?');
  const save = database.prepare('UPDATE tokens SET token = ?, obtained_at = ?, login_claimed_at = NULL');
  const release = database.prepare('UPDATE tokens SET login_claimed_at = NULL');
  const forget = database.prepare('UPDATE tokens SET token = NULL, obtained_at = NULL WHERE token = ?');
  const used = database.prepare('SELECT used FROM token_days WHERE day = ?');
  const count = database.prepare(
    'INSERT INTO token_days (day, used) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET used = used + 1',
  );
  const usedOn = (day: string) => Number(used.get(day)?.used ?? 0);
  return {
    usedToday: (nowMs) => usedOn(dayOf(nowMs)),
    read() {
      const row = read.get();
      if (typeof row?.token !== 'string') return undefined;
      return { token: row.token, obtainedAtMs: Number(row.obtained_at) };
    },
    claimLogin: (nowMs) =>
      database.transaction(() => {
        const since = claimed.get()?.login_claimed_at;
        if (typeof since === 'number' && Math.abs(nowMs - since) < claimLifetimeMs) return { kind: 'wait' } as const;
        const usedToday = usedOn(dayOf(nowMs));
        if (usedToday >= tokensPerDay.soft) return { kind: 'exhausted', usedToday } as const;
        claim.run(nowMs);
        count.run(dayOf(nowMs));
        return { kind: 'granted', usedToday: usedToday + 1 } as const;
      }),
    save: (token) => {
      save.run(token.token, token.obtainedAtMs);
    },
    releaseLogin: () => {
      release.run();
    },
    forget: (token) => {
      forget.run(token);
    },
  };
}

/** The API counts tokens by UTC days [vendor]. */
function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
