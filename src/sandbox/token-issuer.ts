import { randomBytes } from 'node:crypto';
import type { Database } from '#src/sqlite/open-database.js';
import type { CommitGroup } from './sandbox-database.js';
import type { ServerClock } from './server-clock.js';

/** Gives out bearer tokens and knows which are alive; survives a restart. */
export interface TokenIssuer {
  /** @returns `undefined` when the day's tokens are used up */
  issue(): { readonly token: string; readonly expiresAt: Date } | undefined;
  isLive(token: string): boolean;
  revoke(token: string): void;
  revokeAll(): void;
  /** Tokens given out in the current UTC day. */
  loginsToday(): DayCount;
  clear(): void;
}

interface DayCount {
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly count: number;
}

interface TokenPolicy {
  readonly tokenLifetimeMs: number;
  readonly tokensPerDay: number;
}

interface TokenIssuerParts {
  readonly database: Database;
  readonly group: CommitGroup;
  readonly clock: ServerClock;
}

export function createTokenIssuer(parts: TokenIssuerParts, policy: TokenPolicy): TokenIssuer {
  const { database, group, clock } = parts;
  const logins = createLoginCounter(parts);
  const known = new Map<string, number>();
  const select = database.prepare('SELECT expiresAtMs FROM tokens WHERE token = ?');
  const insert = database.prepare('INSERT INTO tokens (token, expiresAtMs) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM tokens WHERE token = ?');
  const revokeAll = () => {
    group.join();
    known.clear();
    database.exec('DELETE FROM tokens');
  };
  return {
    issue() {
      group.join();
      if (logins.today().count >= policy.tokensPerDay) return undefined;
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(clock.now().getTime() + policy.tokenLifetimeMs);
      logins.countOne();
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
      group.join();
      known.delete(token);
      remove.run(token);
    },
    revokeAll,
    loginsToday: logins.today,
    clear() {
      revokeAll();
      logins.clear();
    },
  };
}

function createLoginCounter({ database, clock }: TokenIssuerParts) {
  const select = database.prepare('SELECT count FROM logins WHERE day = ?');
  const add = database.prepare(
    'INSERT INTO logins (day, count) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET count = count + 1',
  );
  const today = () => clock.now().toISOString().slice(0, 10);
  return {
    today: (): DayCount => ({ day: today(), count: Number(select.get(today())?.count ?? 0) }),
    countOne: () => add.run(today()),
    clear: () => database.exec('DELETE FROM logins'),
  };
}
