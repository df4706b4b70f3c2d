import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './system-code.js';

/**
 * The name of a state folder, made when it has none: whoever has the same one also has the same ledger, and may finish
 * what another process of it has begun.
 */
export function machineName(stateFolder: string): string {
  const place = join(stateFolder, 'inbox');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const file = join(place, 'machine');
  const mine = `${file}.${process.pid}`;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  // Of two that make one at the same time, the first to give it its name wins.
  writeFileSync(mine, `${randomUUID()}\n`, { mode: 0o600 });
  try {
    linkSync(mine, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
