import type { Database } from '#src/sqlite/open-database.js';

/** How far a series of incremental exports has come. */
export interface ExportCursor {
  /** Edits from this moment on belong to the next export; epoch milliseconds, the server's clock. */
  readonly sinceMs: number;
  /** Edits after that moment that were delivered all the same. */
  readonly delivered: ReadonlySet<string>;
}

/** The watermarks of incremental exports, by the name of their series. */
export interface ExportCursors {
  find(name: string): ExportCursor | undefined;
  /** Call it only once the exported file is in its place. */
  move(name: string, cursor: ExportCursor): void;
}

export function exportCursors(database: Database, now: () => number): ExportCursors {
  const select = database.prepare('SELECT since, delivered FROM export_cursors WHERE name = ?');
  const upsert = database.prepare(`INSERT INTO export_cursors (name, since, delivered, moved_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET since = excluded.since, delivered = excluded.delivered, moved_at = excluded.moved_at`);
  return {
    find(name) {
      const row = select.get(name);
      if (row === undefined) return undefined;
      const delivered = JSON.parse(String(row.delivered)) as readonly string[];
      return { sinceMs: Number(row.since), delivered: new Set(delivered) };
    },
    move: (name, { sinceMs, delivered }) => {
      upsert.run(name, sinceMs, JSON.stringify([...delivered]), now());
    },
  };
}
