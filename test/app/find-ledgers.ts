import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The ledgers of a state folder. */
export function findLedgers(stateFolder: string): readonly string[] {
  const tenants = join(stateFolder, 'tenants');
  return readdirSync(tenants).map((name) => join(tenants, name, 'ledger.db'));
}

/** All files below a folder. */
export function listAllFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
