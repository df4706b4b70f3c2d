import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type ClientOptions, type CustomersClient, openCustomersClient } from '#src/api/client.js';
import type { RetryPolicy } from '#src/api/retry.js';
import type { TokenStore } from '#src/api/token-store.js';
import { type Ledger, openLedger } from '#src/ledger/open-ledger.js';
import { migrate } from '#src/ledger/schema.js';
import { openTokenStore } from '#src/ledger/tokens.js';
import { openDatabase } from '#src/sqlite/open-database.js';

/** Pauses of milliseconds; everything else as users have it. */
export const quickPolicy: RetryPolicy = {
  attempts: 3,
  baseDelayMs: 4,
  maxDelayMs: 20,
  quotaRetries: 100,
  quotaShare: 0.2,
  maxWaitMs: 15 * 60_000,
  rateLimitedAttempts: 4,
  unansweredInARow: 20,
  outageDelayMs: 20,
};

export const login = { kind: 'login', username: 'jane@example.com', password: 'correct horse' } as const;
export const readyToken = { kind: 'token', accessToken: 'ready' } as const;

/** Tokens that no other process sees: for tests of other things. */
function memoryTokens(): TokenStore {
  const database = openDatabase(':memory:');
  migrate(database);
  return openTokenStore(database);
}

/** Ledgers on disk and clients, put away after each test. */
export function useClients() {
  const open: { close(): unknown }[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    for (const server of open.splice(0).reverse()) await server.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const newFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'mypos-api-'));
    folders.push(folder);
    return folder;
  };
  const newLedger = (folder = newFolder(), now: () => number = Date.now): Ledger => {
    const ledger = openLedger(folder, { baseUrl: 'http://127.0.0.1/api/v2', login: login.username }, now);
    open.push(ledger);
    return ledger;
  };
  const newClient = (baseUrl: string, options: Partial<ClientOptions> = {}): CustomersClient => {
    const client = openCustomersClient({
      baseUrl,
      credentials: readyToken,
      tokenStore: options.tokenStore ?? memoryTokens(),
      ratePerSecond: Number.POSITIVE_INFINITY,
      concurrency: 4,
      requestTimeoutMs: 10_000,
      retryPolicy: quickPolicy,
      random: () => 0.5,
      ...options,
    });
    open.push(client);
    return client;
  };
  return { newFolder, newLedger, newClient };
}
