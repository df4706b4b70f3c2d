import { randomBytes } from 'node:crypto';
import type { Database } from '../sqlite/open-database.js';
import type { CommitGroup } from './commit-group.js';
import type { ServerClock } from './server-clock.js';

/** Gives out bearer tokens and knows which are alive; survives a restart. */
export interface TokenOffice {
  /** @returns `undefined` when the day's tokens are used up */
  issue(): { readonly token: string; readonly expiresAt: Date } | undefined;
  isLive(token: string): boolean;
  revoke(token: string): void;
  revokeAll(): void;
  /** Tokens given out in the current UTC day. */
  loginsToday(): { readonly day: string; readonly count: number };
  clear(): void;
}

interface TokenPolicy {
  readonly tokenLifetimeMs: number;
  readonly tokensPerDay: number;
}

interface TokenOfficeParts {
  readonly database: Database;
  readonly group: CommitGroup;
  readonly clock: ServerClock;
}

export function tokenOffice({ database, group, clock }: TokenOfficeParts, policy: TokenPolicy): TokenOffice {
  const known = new Map<string, number>();
  const select = database.prepare('SELECT expiresAtMs FROM tokens WHERE token = ?');
  const insert = database.prepare('INSERT INTO tokens (token, expiresAtMs) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM tokens WHERE token = ?');
  const countLogin = database.prepare(
    'INSERT INTO logins (day, count) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET count = count + 1',
  );
  const selectLogins = database.prepare('SELECT count FROM logins WHERE day = ?');
  const loginsToday = () => {
    const day = clock.now().toISOString().slice(0, 10);
    return { day, count: Number(selectLogins.get(day)?.count ?? 0) };
  };
  const revokeAll = () => {
    group.join();
    known.clear();
    database.exec('DELETE FROM tokens');
  };

  return {
    issue() {
      group.join();
      const { day, count } = loginsToday();
      if (count >= policy.tokensPerDay) return undefined;
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(clock.now().getTime() + policy.tokenLifetimeMs);
      countLogin.run(day);
      insert.run(token, expiresAt.getTime());
      return { token, expiresAt };
    },
    isLive(token) {
      // Another process, or this one before a restart, may have given it out.
      const expiresAtMs = known.get(token) ?? Number(select.get(token)?.expiresAtMs ?? 0);
      if (expiresAtMs > 0) known.set(token, expiresAtMs);
      return clock.now().getTime() < expiresAtMs;
    },
    revoke(token) {
      known.delete(token);
      group.join();
      remove.run(token);
    },
    revokeAll,
    loginsToday,
    clear() {
      revokeAll();
      database.exec('DELETE FROM logins');
    },
  };
}
