import { existsSync } from 'node:fs';
import { type Database, openDatabase } from '#src/sqlite/open-database.js';

/** How a file was when it was written. */
interface WrittenFile {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The files that this program has written and may write over, as long as they are as they were then. */
export interface WrittenFiles {
  /** How the file was when this state folder last wrote it, for whichever account. */
  find(path: string): WrittenFile | undefined;
  record(path: string, file: WrittenFile): void;
  /** All of this account. */
  paths(): readonly string[];
}

const selectSql = 'SELECT sha256, bytes, written_at FROM written_files WHERE path = ?';

/** @param listOthers - the databases of the other accounts of the state folder: a pilot on the sandbox writes the same files */
export function openWrittenFiles(
  database: Database,
  now: () => number,
  listOthers: () => readonly string[],
): WrittenFiles {
  const select = database.prepare(selectSql);
  const all = database.prepare('SELECT path FROM written_files ORDER BY path');
  const insert = database.prepare(
    'INSERT OR REPLACE INTO written_files (path, sha256, bytes, written_at) VALUES (?, ?, ?, ?)',
  );
  return {
    find(path) {
      const found = [select.get(path), ...listOthers().map((file) => findElsewhere(file, path))];
      const [latest] = found
        .filter((row) => row !== undefined)
        .toSorted((a, b) => Number(b.written_at) - Number(a.written_at));
      return latest && { sha256: String(latest.sha256), sizeBytes: Number(latest.bytes) };
    },
    paths: () => all.all().map(({ path }) => String(path)),
    record: (path, { sha256, sizeBytes }) => {
      insert.run(path, sha256, sizeBytes, now());
    },
  };
}

function findElsewhere(file: string, path: string) {
  if (!existsSync(file)) return undefined;
  const database = openDatabase(file);
  try {
    return database.prepare(selectSql).get(path);
  } catch {
    // An account that only an older version of this program has used.
    return undefined;
  } finally {
    database.close();
  }
}
