import type { Database } from '#src/sqlite/open-database.js';
import { normaliseStoredKeys } from './normalise-stored-keys.js';

/** SQL, or what SQL alone cannot do. */
type Migration = string | ((database: Database) => void);

/** One migration per version. A migration that was released is never edited: append another one. */
const migrations: readonly Migration[] = [
  `
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    command TEXT NOT NULL,
    mode TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'completed')),
    exit_code INTEGER,
    stop_reason TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    input_file TEXT,
    input_path TEXT,
    input_sha256 TEXT,
    input_bytes INTEGER,
    input_rows INTEGER,
    mapping_sha256 TEXT,
    options TEXT NOT NULL,
    files TEXT NOT NULL DEFAULT '{}'
  );
  CREATE INDEX runs_by_input ON runs (input_sha256);
  CREATE TABLE rows (
    run INTEGER NOT NULL REFERENCES runs (number),
    idx INTEGER NOT NULL,
    row INTEGER NOT NULL,
    state TEXT NOT NULL,
    key TEXT,
    payload_hash TEXT,
    payload TEXT,
    customer_code TEXT,
    customer_id TEXT,
    outcome TEXT,
    intent_at INTEGER,
    pre_image TEXT,
    written_hash TEXT,
    PRIMARY KEY (run, idx)
  ) WITHOUT ROWID;
  CREATE INDEX rows_by_content ON rows (payload_hash) WHERE state IN ('created', 'intent', 'in_doubt');
  CREATE INDEX rows_in_doubt ON rows (key) WHERE state IN ('intent', 'in_doubt');
  CREATE INDEX rows_by_code ON rows (customer_code) WHERE customer_code IS NOT NULL;
  CREATE TABLE crosswalk (
    key TEXT PRIMARY KEY,
    customer_code TEXT NOT NULL,
    customer_id TEXT,
    written_hash TEXT,
    run INTEGER REFERENCES runs (number),
    row INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX crosswalk_by_code ON crosswalk (customer_code);
  CREATE TABLE tokens (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    token TEXT,
    obtained_at INTEGER,
    login_claimed_at INTEGER
  );
  INSERT INTO tokens (one) VALUES (1);
  CREATE TABLE token_days (day TEXT PRIMARY KEY, used INTEGER NOT NULL) WITHOUT ROWID;
  `,
  // The mirror. The body comes last, so that the small columns can be read without it.
  `
  CREATE TABLE customers (
    code TEXT PRIMARY KEY,
    id TEXT,
    extent TEXT NOT NULL CHECK (extent IN ('sent', 'flat', 'whole')),
    edited TEXT,
    sent_hash TEXT,
    touched_at INTEGER NOT NULL,
    body TEXT NOT NULL
  );
  CREATE TABLE mirror (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    fresh_until INTEGER
  );
  INSERT INTO mirror (one) VALUES (1);
  `,
  // What is needed to settle a row in doubt.
  `
  ALTER TABLE rows ADD COLUMN clock_difference INTEGER;
  ALTER TABLE rows ADD COLUMN doubt_at INTEGER;
  ALTER TABLE tokens ADD COLUMN login_claimed_by INTEGER;
  `,
  // How far each series of incremental exports has come.
  `
  CREATE TABLE export_cursors (
    name TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    delivered TEXT NOT NULL,
    moved_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  // Plans: only the rows that would be sent, each with its content and its customer's last edit.
  `
  CREATE TABLE plans (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    input_file TEXT NOT NULL,
    input_path TEXT NOT NULL,
    input_sha256 TEXT NOT NULL,
    mapping_sha256 TEXT NOT NULL,
    output_sha256 TEXT,
    options TEXT NOT NULL
  );
  CREATE TABLE plan_rows (
    plan INTEGER NOT NULL REFERENCES plans (number) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    action TEXT NOT NULL,
    customer_code TEXT,
    content_hash TEXT NOT NULL,
    edited TEXT,
    changes_hash TEXT NOT NULL,
    PRIMARY KEY (plan, idx)
  ) WITHOUT ROWID;
  `,
  // For the report of a run.
  `
  CREATE TABLE run_samples (
    run INTEGER NOT NULL REFERENCES runs (number),
    at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    rate_limited INTEGER NOT NULL,
    median REAL,
    slow REAL,
    PRIMARY KEY (run, at)
  ) WITHOUT ROWID;
  ALTER TABLE runs ADD COLUMN settings TEXT;
  `,
  // Rows by their content; indexed by the first search.
  `
  DROP INDEX rows_by_content;
  CREATE TABLE contents (
    payload_hash TEXT NOT NULL,
    run INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    PRIMARY KEY (payload_hash, run, idx)
  ) WITHOUT ROWID;
  ALTER TABLE runs ADD COLUMN contents_known INTEGER NOT NULL DEFAULT 0;
  `,
  // The scan of an input, so that a resumed run need not repeat it.
  `
  CREATE TABLE input_looks (
    run INTEGER PRIMARY KEY REFERENCES runs (number),
    look TEXT NOT NULL
  );
  `,
  // Rows that wait for a person to decide which customer they mean, and what was decided. `codes` are those of the
  // candidates: a row that waits night after night is new only once.
  `
  CREATE TABLE waiting_rows (
    run INTEGER NOT NULL REFERENCES runs (number),
    idx INTEGER NOT NULL,
    subject TEXT NOT NULL,
    row_basis TEXT NOT NULL,
    codes TEXT NOT NULL,
    command TEXT,
    candidates TEXT NOT NULL,
    draft TEXT NOT NULL,
    PRIMARY KEY (run, idx)
  ) WITHOUT ROWID;
  CREATE INDEX waiting_by_subject ON waiting_rows (subject);
  CREATE TABLE decisions (
    subject TEXT NOT NULL,
    customer_code TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('same', 'new', 'skip')),
    row_basis TEXT NOT NULL,
    customer_basis TEXT,
    decided_at INTEGER NOT NULL,
    run TEXT,
    PRIMARY KEY (subject, customer_code)
  ) WITHOUT ROWID;
  `,
  // What was last sent, for fields that are written only when the file's own value has changed.
  `
  CREATE TABLE sent_values (
    customer_code TEXT NOT NULL,
    source TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (customer_code, source)
  ) WITHOUT ROWID;
  ALTER TABLE rows ADD COLUMN sent_values TEXT;
  ALTER TABLE rows ADD COLUMN sent_before TEXT;
  `,
  // Keys in the form in which they are compared since then, so that none of them is unknown all at once.
  normaliseStoredKeys,
  // Whom of the account the ledger knows besides the customers of its rows and keys, and what it knows of the list.
  `
  CREATE TABLE known_customers (code TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID;
  CREATE TABLE listed_fields (field TEXT PRIMARY KEY, shown INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE dismissed_strangers (
    run INTEGER NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (run, code)
  ) WITHOUT ROWID;
  ALTER TABLE mirror ADD COLUMN has_listed INTEGER NOT NULL DEFAULT 0;
  UPDATE mirror SET has_listed = 1 WHERE fresh_until IS NOT NULL AND EXISTS (SELECT 1 FROM customers);
  `,
  // The cells of rows that somebody has to fix, so that what a spreadsheet program does to them can be put back; and how
  // the files looked that were written, so that one that a person has changed is not replaced.
  `
  CREATE TABLE reject_cells (
    run INTEGER NOT NULL REFERENCES runs (number),
    idx INTEGER NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (run, idx)
  ) WITHOUT ROWID;
  CREATE TABLE written_files (
    path TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    written_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  ALTER TABLE waiting_rows ADD COLUMN row INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE waiting_rows ADD COLUMN done_run INTEGER;
  `,
  // Values that a waiting row has from the mapping and not from its file.
  `
  ALTER TABLE waiting_rows ADD COLUMN defaulted TEXT;
  `,
  // The last reading of the whole list by which a row in doubt was looked for.
  `
  ALTER TABLE mirror ADD COLUMN counted_at INTEGER;
  ALTER TABLE mirror ADD COLUMN counted INTEGER;
  `,
  // Fields of which the API has stored other values than it was sent, and the first run that noticed it.
  `
  CREATE TABLE differing_fields (field TEXT PRIMARY KEY, run INTEGER NOT NULL) WITHOUT ROWID;
  `,
  // Unchanged rows, many in one entry.
  `
  CREATE TABLE row_blocks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (number),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    first_number INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    count INTEGER NOT NULL,
    rows BLOB NOT NULL
  );
  CREATE INDEX row_blocks_by_run ON row_blocks (run, first);
  `,
  // What was done, by whom: one line of JSON a deed. When retention was last seen to, and codes that must not come back.
  `
  CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
  CREATE TABLE upkeep (one INTEGER PRIMARY KEY CHECK (one = 1), pruned_at INTEGER, packed_runs INTEGER NOT NULL);
  INSERT INTO upkeep (one, packed_runs) SELECT 1, coalesce(max(number), 0) FROM runs;
  ALTER TABLE runs ADD COLUMN pruned_at INTEGER;
  CREATE TABLE barred (hash TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE bar_key (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL);
  `,
  // How customers were when an unfinished run was begun, where somebody has changed them since.
  `
  ALTER TABLE runs ADD COLUMN noted_at INTEGER;
  CREATE INDEX runs_unfinished ON runs (number) WHERE state <> 'completed';
  CREATE TABLE former_customers (
    run INTEGER NOT NULL,
    code TEXT NOT NULL,
    extent TEXT,
    body TEXT,
    PRIMARY KEY (run, code)
  ) WITHOUT ROWID;
  `,
  // Whose newest ledger this is, how many requests it has recorded, and what it is known not to know.
  `
  CREATE TABLE ledger_age (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    commits INTEGER NOT NULL,
    committed_at INTEGER,
    begun_at INTEGER NOT NULL
  );
  INSERT INTO ledger_age (one, id, commits, begun_at)
    VALUES (1, lower(hex(randomblob(16))), 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000);
  CREATE TABLE ledger_gaps (
    noticed_at INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    closed_at INTEGER
  );
  CREATE TRIGGER count_intent AFTER INSERT ON rows WHEN new.state = 'intent' BEGIN
    UPDATE ledger_age SET commits = commits + 1, committed_at = new.intent_at + coalesce(new.clock_difference, 0);
  END;
  CREATE TRIGGER count_intent_again AFTER UPDATE OF state ON rows WHEN new.state = 'intent' BEGIN
    UPDATE ledger_age SET commits = commits + 1, committed_at = new.intent_at + coalesce(new.clock_difference, 0);
  END;
  `,
];

/** The version that this program writes. */
export const schemaVersion = migrations.length;

/** The version of a ledger; 0 for a new one. */
export function readSchemaVersion(database: Database): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

/**
 * Brings a ledger to the current schema.
 *
 * @returns the version found; when it is greater than {@link schemaVersion}, a newer program wrote the ledger, and nothing
 *   was done
 */
export function migrate(database: Database): number {
  return database.transaction(() => {
    const found = readSchemaVersion(database);
    for (const migration of migrations.slice(found))
      if (typeof migration === 'string') database.exec(migration);
      else migration(database);
    if (found < migrations.length) database.exec(`PRAGMA user_version = ${migrations.length}`);
    return found;
  });
}
