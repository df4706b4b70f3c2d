import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDefaultStateDir } from '#src/config/resolve-settings.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { onlyThisUser } from '#src/files/file-rights.js';
import type { Tenant } from '#src/ledger/open-ledger.js';

/** Addresses and logins that this user has agreed to. They are not kept where a configuration file could say. */
const file = () => join(findDefaultStateDir(process.env), 'known-accounts.json');

const toKey = ({ baseUrl, login }: Tenant) => `${baseUrl}\n${login}`;

function readKnown(): readonly string[] {
  try {
    const known: unknown = JSON.parse(readFileSync(file(), 'utf8'));
    return Array.isArray(known) ? known.filter((key) => typeof key === 'string') : [];
  } catch {
    return [];
  }
}

/** Whether this user has agreed to send this login to this address. */
export function isKnownAccount(account: Tenant): boolean {
  return readKnown().includes(toKey(account));
}

/** Saves that this user has agreed. */
export async function rememberAccount(account: Tenant): Promise<void> {
  mkdirSync(findDefaultStateDir(process.env), { recursive: true, mode: 0o700 });
  const written = await beginAtomicFile(file(), onlyThisUser);
  try {
    await written.handle.writeFile(`${JSON.stringify([...new Set([...readKnown(), toKey(account)])], null, 2)}\n`);
    await written.commit();
  } finally {
    await written.discard();
  }
}
