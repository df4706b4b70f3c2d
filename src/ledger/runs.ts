import { randomBytes } from 'node:crypto';
import { type RowCounts, type RowOutcome, rowStatuses } from '#pipelines/model.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isArrayOf, isJsonObject, isRowOutcome, isText, readStoredJson } from './damaged-ledger.js';
import type { RowBlocks } from './row-blocks.js';

/** A name for a run or a plan: sortable by time, short enough to type, and unlikely to be given twice. */
export function createTimedName(atMs: number): string {
  const [date, time] = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${date}-${time?.slice(0, 6)}-${randomBytes(2).toString('hex')}`;
}

/** The scan of each run's input, so that a process that resumes the run need not read the input for it again. */
export interface InputScans {
  /** @param scan - what JSON can hold */
  save(run: number, scan: object): void;
  /** @returns the scan as JSON gives it back, for the caller to check; `undefined` when there is none */
  load(run: number): unknown;
}

export function openInputScans(database: Database): InputScans {
  const insert = database.prepare('INSERT OR REPLACE INTO input_looks (run, look) VALUES (?, ?)');
  const select = database.prepare('SELECT look FROM input_looks WHERE run = ?');
  return {
    save(run, scan) {
      insert.run(run, JSON.stringify(scan));
    },
    load(run) {
      const text = select.get(run)?.look;
      return text === undefined ? undefined : readStoredJson(text, 'the scan of an input', isJsonObject);
    },
  };
}

/** What happened in one interval of a run. A run that was resumed has intervals of several processes. */
interface RunSample {
  /** Its end, epoch milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Rows that were settled. */
  readonly rows: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** Of the answers' latencies; absent when there was no answer. */
  readonly medianMs?: number;
  /** The 95th percentile. */
  readonly p95Ms?: number;
}

export interface RunSamples {
  add(run: number, sample: RunSample): void;
  /** In order of time. */
  list(run: number): readonly RunSample[];
}

export function openRunSamples(database: Database): RunSamples {
  const insert = database.prepare(`INSERT OR REPLACE INTO run_samples
    (run, at, duration, rows, requests, retries, rate_limited, median, slow) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const select = database.prepare('SELECT * FROM run_samples WHERE run = ? ORDER BY at');
  return {
    add(run, { atMs, durationMs, rows, requests, retries, rateLimited, medianMs, p95Ms }) {
      insert.run(run, atMs, durationMs, rows, requests, retries, rateLimited, medianMs ?? null, p95Ms ?? null);
    },
    list: (run) => select.all(run).map(toSample),
  };
}

function toSample(row: Record<string, SqlValue>): RunSample {
  const { at, duration, rows, requests, retries, rate_limited: rateLimited, median, slow } = row;
  return {
    atMs: Number(at),
    durationMs: Number(duration),
    rows: Number(rows),
    requests: Number(requests),
    retries: Number(retries),
    rateLimited: Number(rateLimited),
    ...(median == null || slow == null ? {} : { medianMs: Number(median), p95Ms: Number(slow) }),
  };
}

/** A run of a command that changes customers, as the ledger keeps it. */
export interface RunRecord {
  /** Within the tenant; never shown. */
  readonly number: number;
  /** What users type, e.g. `20261124-031502-7f3a`. */
  readonly name: string;
  readonly command: string;
  readonly mode?: string;
  /** A run that is `running` without a living process was killed. */
  readonly state: 'running' | 'stopped' | 'completed';
  readonly exitCode?: number;
  readonly stopReason?: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly input?: RunInput;
  readonly mappingSha256?: string;
  /** The options that a resume needs, as JSON that its command wrote. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly files: RunFiles;
  /** When what it kept of customers was removed. */
  readonly prunedAtMs?: number;
}

interface RunSetting {
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly origin: string;
}

interface RunInput {
  /** As the user named it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Known once the file was read to the end. */
  readonly rows?: number;
}

interface RunFiles {
  readonly report?: string;
  readonly results?: string;
  readonly rejects?: string;
  readonly review?: string;
}

/** The runs of one tenant. */
export interface Runs {
  start(run: Pick<RunRecord, 'command' | 'mode' | 'input' | 'mappingSha256' | 'options'>): RunRecord;
  /** The run is `running` again. */
  reopen(number: number): void;
  saveInputRows(number: number, rows: number): void;
  /** Saves the settings that the run works with, without secrets. */
  saveSettings(number: number, settings: readonly RunSetting[]): void;
  loadSettings(number: number): readonly RunSetting[];
  end(
    number: number,
    end: {
      readonly state: 'stopped' | 'completed';
      readonly exitCode: number;
      readonly stopReason?: string | undefined;
      readonly files: RunFiles;
    },
  ): void;
  /** Forgets a run that was refused before it sent anything: only rows that were left out may have been settled. */
  discard(number: number): void;
  find(name: string): RunRecord | undefined;
  /** Newest first. */
  list(limit: number): readonly RunRecord[];
  /** Newest first, all of them. */
  all(): Iterable<RunRecord>;
  /** Runs that are not completed, newest first; with a hash, those of this input. */
  findUnfinished(inputSha256?: string): readonly RunRecord[];
  /** Runs with rows in doubt, oldest first. */
  withDoubts(): readonly RunRecord[];
  /** The latest run whose input has this path. */
  findLatestOfPath(path: string): RunRecord | undefined;
  /** Completed imports of a file with this content, newest first. */
  findCompletedImports(inputSha256: string): readonly RunRecord[];
  /** Records that the files of a run were moved, so that it is resumed from where they are now. */
  moveFiles(
    number: number,
    moved: { readonly input: string; readonly files: RunFiles; readonly options: RunRecord['options'] },
  ): void;
  countRows(number: number): RowCounts;
  /** Rows that are not done, in file order. A row without an outcome was being sent when the run was killed. */
  rowsNotDone(number: number): Iterable<{ readonly number: number; readonly outcome?: RowOutcome }>;
  /**
   * Rows of a run whose customer the API holds otherwise than it was sent, and whether it is the first run that noticed this
   * of some field.
   */
  noteDifferences(number: number): { readonly differing: number; readonly hasNewField: boolean };
  /** How many entries are behind the rows of the input: customers that are in no row. */
  countBehind(number: number, rows: number): number;
  /** How many rows have a field that the file and the account have both changed. */
  countConflicts(number: number): number;
}

export function openRuns(database: Database, blocks: RowBlocks, now: () => number): Runs {
  const columns = `number, name, command, mode, state, exit_code, stop_reason, started_at, ended_at,
    input_file, input_path, input_sha256, input_bytes, input_rows, mapping_sha256, options, files, pruned_at`;
  const insert = database.prepare(`INSERT INTO runs
    (name, command, mode, state, started_at, input_file, input_path, input_sha256, input_bytes, mapping_sha256, options)
    VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?)`);
  const byName = database.prepare(`SELECT ${columns} FROM runs WHERE name = ?`);
  const reopen = database.prepare(
    `UPDATE runs SET state = 'running', ended_at = NULL, stop_reason = NULL WHERE number = ?`,
  );
  const saveInputRows = database.prepare('UPDATE runs SET input_rows = ? WHERE number = ?');
  const saveSettings = database.prepare('UPDATE runs SET settings = ? WHERE number = ?');
  const loadSettings = database.prepare('SELECT settings FROM runs WHERE number = ?');
  const end = database.prepare(
    'UPDATE runs SET state = ?, exit_code = ?, stop_reason = ?, ended_at = ?, files = ? WHERE number = ?',
  );
  const discard = [
    'waiting_rows',
    'contents',
    'run_samples',
    'input_looks',
    'dismissed_strangers',
    'row_blocks',
    'rows',
  ]
    .map((table) => database.prepare(`DELETE FROM ${table} WHERE run = ?`))
    .concat(database.prepare('DELETE FROM runs WHERE number = ?'));
  // A row that was applied after all, by a resume, is not to be fixed any more.
  const forgetCells = database.prepare(`DELETE FROM reject_cells WHERE run = ? AND EXISTS (SELECT 1 FROM rows
    WHERE rows.run = reject_cells.run AND rows.idx = reject_cells.idx
      AND rows.state NOT IN ('invalid', 'rejected', 'failed'))`);
  const list = database.prepare(`SELECT ${columns} FROM runs ORDER BY number DESC LIMIT ?`);
  const withDoubts = database.prepare(`SELECT * FROM runs WHERE number IN
    (SELECT run FROM rows INDEXED BY rows_in_doubt WHERE state IN ('intent', 'in_doubt')) ORDER BY number`);
  const unfinished = database.prepare(`SELECT ${columns} FROM runs WHERE state <> 'completed' ORDER BY number DESC`);
  const latestOfPath = database.prepare(
    `SELECT ${columns} FROM runs WHERE input_path = ? ORDER BY number DESC LIMIT 1`,
  );
  const completedImports = database.prepare(`SELECT ${columns} FROM runs
    WHERE input_sha256 = ? AND command = 'import' AND state = 'completed' ORDER BY number DESC`);
  const moveFiles = database.prepare(
    'UPDATE runs SET input_file = ?, input_path = ?, files = ?, options = ? WHERE number = ?',
  );
  const notDone = database.prepare(`SELECT row, outcome FROM rows
    WHERE run = ? AND state IN ('invalid', 'rejected', 'failed', 'in_doubt', 'skipped', 'intent') ORDER BY idx`);
  const differing = database.prepare(`SELECT idx, json_extract(note.value, '$.field') AS field
    FROM rows, json_each(outcome, '$.notes') AS note WHERE run = ? AND state IN ('created', 'updated')
      AND instr(outcome, '"SERVER_') > 0
      AND json_extract(note.value, '$.code') IN ('SERVER_CHANGED', 'SERVER_TRUNCATED')`);
  const noteField = database.prepare('INSERT OR IGNORE INTO differing_fields (field, run) VALUES (?, ?)');
  const firstNoted = database.prepare('SELECT 1 AS found FROM differing_fields WHERE run = ? LIMIT 1');
  const behind = database.prepare('SELECT count(*) AS count FROM rows WHERE run = ? AND idx >= ?');
  const conflicts = database.prepare(`SELECT count(*) AS count FROM rows WHERE run = ?
    AND state IN ('updated', 'unchanged', 'invalid') AND instr(outcome, '"FIELD_CONFLICT"') > 0`);
  const counts = database.prepare('SELECT state, count(*) AS count FROM rows WHERE run = ? GROUP BY state');
  return {
    start(run) {
      const startedAt = now();
      const name = createTimedName(startedAt);
      const { input } = run;
      insert.run(
        ...[name, run.command, run.mode ?? null, startedAt],
        ...[input?.file ?? null, input?.path ?? null, input?.sha256 ?? null, input?.sizeBytes ?? null],
        ...[run.mappingSha256 ?? null, JSON.stringify(run.options)],
      );
      return toRecord(byName.get(name) ?? {});
    },
    reopen: (number) => {
      reopen.run(number);
    },
    saveInputRows: (number, rows) => {
      saveInputRows.run(rows, number);
    },
    saveSettings: (number, settings) => {
      saveSettings.run(JSON.stringify(settings), number);
    },
    loadSettings(number) {
      const text = loadSettings.get(number)?.settings;
      return text == null ? [] : readStoredJson(text, 'the settings of a run', isArrayOf(isRunSetting));
    },
    end: (number, { state, exitCode, stopReason, files }) => {
      blocks.join(number);
      end.run(state, exitCode, stopReason ?? null, now(), JSON.stringify(files), number);
      forgetCells.run(number);
    },
    discard(number) {
      blocks.flush();
      database.transaction(() => {
        for (const statement of discard) statement.run(number);
      });
    },
    find(name) {
      const row = byName.get(name);
      return row === undefined ? undefined : toRecord(row);
    },
    list: (limit) => list.all(limit).map(toRecord),
    *all() {
      for (const row of list.all(-1)) yield toRecord(row);
    },
    findUnfinished: (sha256) =>
      unfinished
        .all()
        .map(toRecord)
        .filter((run) => sha256 === undefined || run.input?.sha256 === sha256),
    withDoubts: () => withDoubts.all().map(toRecord),
    findLatestOfPath(path) {
      const row = latestOfPath.get(path);
      return row === undefined ? undefined : toRecord(row);
    },
    findCompletedImports: (sha256) => completedImports.all(sha256).map(toRecord),
    moveFiles(number, { input, files, options }) {
      moveFiles.run(input, input, JSON.stringify(files), JSON.stringify(options), number);
    },
    *rowsNotDone(number) {
      for (const { row, outcome } of notDone.iterate(number))
        yield {
          number: Number(row),
          ...(outcome == null ? {} : { outcome: readStoredJson(outcome, 'the outcome of a row', isRowOutcome) }),
        };
    },
    noteDifferences(number) {
      const rows = new Set<number>();
      const fields = new Set<string>();
      for (const { idx, field } of differing.iterate(number)) {
        rows.add(Number(idx));
        fields.add(String(field));
      }
      for (const field of fields) noteField.run(field, number);
      return { differing: rows.size, hasNewField: firstNoted.get(number) !== undefined };
    },
    countBehind: (number, rows) => Number(behind.get(number, rows)?.count ?? 0) + blocks.count(number, rows),
    countConflicts: (number) => Number(conflicts.get(number)?.count ?? 0),
    countRows(number) {
      const found = new Map(counts.all(number).map(({ state, count }) => [String(state), Number(count)]));
      // A row whose request may have left is in doubt until its outcome is known.
      found.set('unchanged', (found.get('unchanged') ?? 0) + blocks.count(number));
      found.set('in_doubt', (found.get('in_doubt') ?? 0) + (found.get('intent') ?? 0));
      return Object.fromEntries(rowStatuses.map((status) => [status, found.get(status) ?? 0])) as RowCounts;
    },
  };
}

function toRecord(row: Record<string, SqlValue>): RunRecord {
  const optional = <T>(value: SqlValue | undefined, convert: (value: SqlValue) => T): T | undefined =>
    value === null || value === undefined ? undefined : convert(value);
  const record = {
    number: Number(row.number),
    name: String(row.name),
    command: String(row.command),
    mode: optional(row.mode, String),
    state: String(row.state) as RunRecord['state'],
    exitCode: optional(row.exit_code, Number),
    stopReason: optional(row.stop_reason, String),
    startedAtMs: Number(row.started_at),
    endedAtMs: optional(row.ended_at, Number),
    input: row.input_sha256 === null ? undefined : toInput(row),
    mappingSha256: optional(row.mapping_sha256, String),
    options: readStoredJson(row.options, 'the options of a run', isJsonObject),
    files: readStoredJson(row.files, 'the files of a run', isRunFiles),
    prunedAtMs: optional(row.pruned_at, Number),
  };
  return withoutUndefined(record);
}

const fileKinds = ['report', 'results', 'rejects', 'review'] as const;

function isRunFiles(value: unknown): value is RunFiles {
  return isJsonObject(value) && fileKinds.every((kind) => value[kind] === undefined || isText(value[kind]));
}

function isRunSetting(value: unknown): value is RunSetting {
  return (
    isJsonObject(value) &&
    isText(value.name) &&
    isText(value.origin) &&
    (value.value === null || typeof value.value !== 'object')
  );
}

function toInput(row: Record<string, SqlValue>): RunInput {
  return {
    file: String(row.input_file),
    path: String(row.input_path),
    sha256: String(row.input_sha256),
    sizeBytes: Number(row.input_bytes),
    ...(row.input_rows === null ? {} : { rows: Number(row.input_rows) }),
  };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUndefined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>;
}
