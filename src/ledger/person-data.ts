import { createHmac, randomBytes } from 'node:crypto';
import { splitKey } from '#pipelines/import/keys.js';
import { normaliseKey } from '#pipelines/mapping/key.js';
import { type Database, openDatabase, type SqlValue } from '#src/sqlite/open-database.js';
import { isJsonObject, isRowOutcome, readStoredJson } from './damaged-ledger.js';
import { listTellingTexts, TextFinder } from './person-texts.js';
import { slimOutcome } from './retention.js';
import type { RowBlocks } from './row-blocks.js';

/** Who somebody is in a ledger. */
export interface Person {
  readonly codes: readonly string[];
  /** As the ledger stores them: with their source. */
  readonly keys: readonly string[];
  /** Name, e-mail address, phone, bank account, in each form that the ledger has. */
  readonly texts: readonly string[];
  /** How many entries of each kind are about the person. */
  readonly held: Readonly<Record<string, number>>;
  /** Files in which the person's key or code was a row, by run. */
  readonly runs: readonly { readonly run: string; readonly command: string; readonly file: string | null }[];
  /** Runs with a row of the person in doubt. */
  readonly doubts: readonly string[];
}

/** What the ledger holds of one person. */
export interface PersonData {
  /** By a customer code, a key or an e-mail address; with texts, also whoever has these elsewhere in the ledger. */
  find(who: string): Person | undefined;
  /** Removes all of it but code, id and key, and leaves no trace in the file. */
  erase(person: Person): void;
  /** Rows with one of the person's keys, codes or e-mail addresses are left out from now on. */
  bar(person: Person): void;
  /** @returns `undefined` while nobody is barred */
  openBars(): ((texts: readonly string[]) => boolean) | undefined;
}

const customerColumns = ['payload', 'pre_image', 'sent_values', 'sent_before'] as const;

export function openPersonData(database: Database, blocks: RowBlocks): PersonData {
  const all = (sql: string, ...values: readonly SqlValue[]) => database.prepare(sql).all(...values);
  const texts = (sql: string, ...values: readonly SqlValue[]) =>
    all(sql, ...values).flatMap((row) => Object.values(row).filter((value) => typeof value === 'string'));

  const ofPerson = '(run, idx) IN (SELECT run, idx FROM temp.person_rows)';

  /** Customers and drafts in the ledger that have a text somewhere. SQL knows the lower case of ASCII letters only. */
  function* listCustomersWith(text: string): Iterable<HeldCustomer> {
    const has = (column: string) => `instr(lower(${column}), lower(?)) > 0`;
    for (const { code, body } of all(`SELECT code, body FROM customers WHERE ${has('body')}`, text))
      yield toHeld(code, null, body);
    for (const column of ['payload', 'pre_image'])
      for (const { code, key, json } of all(
        `SELECT customer_code AS code, key, ${column} AS json FROM rows WHERE ${column} IS NOT NULL AND ${has(column)}`,
        text,
      ))
        yield toHeld(code, key, json);
    for (const { key, draft } of all(
      `SELECT rows.key, draft FROM waiting_rows JOIN rows USING (run, idx) WHERE ${has('draft')}`,
      text,
    ))
      yield toHeld(null, key, draft);
  }

  /** Customers and drafts in the ledger that are of these codes, or of the rows that were selected. */
  function* listCustomersOf(codes: readonly string[]): Iterable<HeldCustomer> {
    for (const code of codes)
      for (const { body } of all('SELECT body FROM customers WHERE code = ?', code)) yield toHeld(code, null, body);
    for (const { code, key, payload, pre_image: before } of all(
      `SELECT customer_code AS code, key, payload, pre_image FROM rows WHERE ${ofPerson}`,
    ))
      for (const json of [payload, before]) if (json != null) yield toHeld(code, key, json);
    for (const { draft } of all(`SELECT draft FROM waiting_rows WHERE ${ofPerson}`)) yield toHeld(null, null, draft);
  }

  function findKeys(wanted: string) {
    const forms = [wanted, normaliseKey(wanted)];
    // The separator of source and key is character 31.
    const isWanted = '(key IN (?, ?) OR substr(key, instr(key, char(31)) + 1) IN (?, ?))';
    return all(
      `SELECT key, customer_code AS code FROM crosswalk WHERE ${isWanted}
       UNION SELECT key, customer_code FROM rows WHERE key IS NOT NULL AND ${isWanted}`,
      ...forms,
      ...forms,
      ...forms,
      ...forms,
    );
  }

  function find(who: string): Person | undefined {
    const wanted = who.trim();
    const isAddress = wanted.includes('@');
    const codes = new Set(texts('SELECT code FROM customers WHERE code = ?', wanted));
    for (const code of texts('SELECT customer_code FROM rows WHERE customer_code = ? LIMIT 1', wanted)) codes.add(code);
    const keys = new Set<string>();
    for (const { key, code } of findKeys(wanted)) {
      keys.add(String(key));
      if (code != null) codes.add(String(code));
    }
    const found = new Set<string>(isAddress ? [wanted] : []);
    for (const { code, key, telling } of isAddress ? listCustomersWith(wanted) : []) {
      if (!telling.some((text) => text.toLowerCase() === wanted.toLowerCase())) continue;
      for (const text of telling) found.add(text);
      if (code !== undefined) codes.add(code);
      if (key !== undefined) keys.add(key);
    }
    for (const code of codes)
      for (const key of texts(
        'SELECT key FROM crosswalk WHERE customer_code = ? UNION SELECT key FROM rows WHERE customer_code = ?',
        code,
        code,
      ))
        keys.add(key);
    selectRows([...codes], [...keys]);
    for (const { telling } of listCustomersOf([...codes])) for (const text of telling) found.add(text);
    const cells = isAddress ? findCells(new TextFinder([wanted])) : 0;
    return codes.size + keys.size + cells === 0 ? undefined : describe([...codes], [...keys], [...found]);
  }

  function findCells(finder: TextFinder): number {
    return all('SELECT cells FROM reject_cells').filter(({ cells }) => finder.isIn(String(cells))).length;
  }

  /** The rows that are about a person: in a temporary table, so that each kind of entry can be asked about them. */
  function selectRows(codes: readonly string[], keys: readonly string[]): void {
    database.exec(
      'CREATE TEMP TABLE IF NOT EXISTS person_rows (run INTEGER, idx INTEGER); DELETE FROM temp.person_rows',
    );
    for (const code of codes)
      database.prepare('INSERT INTO temp.person_rows SELECT run, idx FROM rows WHERE customer_code = ?').run(code);
    for (const key of keys)
      database.prepare('INSERT INTO temp.person_rows SELECT run, idx FROM rows WHERE key = ?').run(key);
  }

  function describe(codes: readonly string[], keys: readonly string[], telling: readonly string[]): Person {
    selectRows(codes, keys);
    const count = (sql: string, ...values: readonly SqlValue[]) => Number(all(sql, ...values)[0]?.n ?? 0);
    const each = (sql: string, values: readonly string[]) => values.reduce((sum, value) => sum + count(sql, value), 0);
    const finder = new TextFinder(telling);
    const holds = (sql: string) =>
      all(sql).filter((row) => Object.values(row).some((value) => finder.isIn(String(value)))).length;
    const unchanged = listBlockRows().filter((row) => isOfPerson(row, codes, keys));
    const held = {
      'local copy': each('SELECT count(*) AS n FROM customers WHERE code = ?', codes),
      'rows of runs': count(`SELECT count(*) AS n FROM rows WHERE ${ofPerson}`) + unchanged.length,
      'customers as they were before a run': count(
        `SELECT count(*) AS n FROM rows WHERE ${ofPerson} AND pre_image IS NOT NULL`,
      ),
      'cells to be fixed': holds('SELECT cells FROM reject_cells'),
      'rows that wait for a decision': holds('SELECT draft, candidates FROM waiting_rows'),
      'values last sent': each('SELECT count(*) AS n FROM sent_values WHERE customer_code = ?', codes),
      'scans of inputs': holds('SELECT look FROM input_looks'),
      'rows of plans': each('SELECT count(*) AS n FROM plan_rows WHERE customer_code = ?', codes),
      keys: keys.length,
    };
    const inRuns = new Set([
      ...all('SELECT DISTINCT run FROM temp.person_rows').map(({ run }) => Number(run)),
      ...unchanged.map(({ run }) => run),
    ]);
    const runs = all('SELECT number, name, command, input_path FROM runs ORDER BY number')
      .filter(({ number }) => inRuns.has(Number(number)))
      .map(({ name, command, input_path: file }) => ({
        run: String(name),
        command: String(command),
        file: file == null || file === '' ? null : String(file),
      }));
    const doubts = texts(`SELECT DISTINCT runs.name FROM rows JOIN runs ON runs.number = rows.run
      WHERE rows.state IN ('intent', 'in_doubt') AND (rows.run, rows.idx) IN (SELECT run, idx FROM temp.person_rows)`);
    return { codes, keys, texts: telling, held, runs, doubts };
  }

  function listBlockRows() {
    return all('SELECT DISTINCT run FROM row_blocks').flatMap(({ run }) =>
      blocks.between(Number(run), 0, Number.MAX_SAFE_INTEGER).map((row) => ({ ...row, run: Number(run) })),
    );
  }

  function eraseRows({ codes, keys }: Person, finder: TextFinder): void {
    selectRows(codes, keys);
    for (const { run = 0, idx = 0, outcome } of all(
      `SELECT run, idx, outcome FROM rows WHERE ${ofPerson} AND outcome IS NOT NULL`,
    )) {
      const slim = slimOutcome(readStoredJson(outcome, 'the outcome of a row', isRowOutcome));
      database.prepare('UPDATE rows SET outcome = ? WHERE run = ? AND idx = ?').run(JSON.stringify(slim), run, idx);
    }
    const cleared = customerColumns.map((column) => `${column} = NULL`).join(', ');
    database.exec(`UPDATE rows SET ${cleared} WHERE ${ofPerson};
      DELETE FROM waiting_rows WHERE ${ofPerson}; DELETE FROM reject_cells WHERE ${ofPerson}`);
    for (const code of codes)
      for (const sql of [
        'DELETE FROM customers WHERE code = ?',
        'DELETE FROM former_customers WHERE code = ?',
        'DELETE FROM sent_values WHERE customer_code = ?',
      ])
        database.prepare(sql).run(code);
    for (const key of keys.filter((stored) => finder.isIn(splitKey(stored).key))) forgetKey(key);
  }

  /** A key that is an e-mail address or a phone number says who it is. */
  function forgetKey(key: string): void {
    database.prepare('DELETE FROM crosswalk WHERE key = ?').run(key);
    database.prepare('UPDATE rows SET key = NULL WHERE key = ?').run(key);
    blocks.forgetKey(key);
  }

  /** Entries that hold the person's texts besides: in messages about others, and where a row was not taken for the person. */
  function eraseMentions(finder: TextFinder): void {
    for (const [table, columns] of [
      ['reject_cells', ['cells']],
      ['waiting_rows', ['draft', 'candidates', 'defaulted', 'subject']],
    ] as const)
      for (const { run = 0, idx = 0, ...row } of all(`SELECT run, idx, ${columns.join(', ')} FROM ${table}`))
        if (Object.values(row).some((value) => finder.isIn(String(value))))
          database.prepare(`DELETE FROM ${table} WHERE run = ? AND idx = ?`).run(run, idx);
    for (const { run = 0, look } of all('SELECT run, look FROM input_looks'))
      if (finder.isIn(String(look))) database.prepare('DELETE FROM input_looks WHERE run = ?').run(run);
    for (const { subject = '' } of all('SELECT subject FROM decisions'))
      if (finder.isIn(String(subject))) database.prepare('DELETE FROM decisions WHERE subject = ?').run(subject);
    replaceTexts(database, finder, (table, column) => table === 'rows' && column === 'outcome');
  }

  return {
    find,
    erase(person) {
      const finder = new TextFinder(person.texts);
      blocks.flush();
      database.exec('PRAGMA secure_delete = ON');
      database.transaction(() => {
        eraseRows(person, finder);
        eraseMentions(finder);
      });
      database.exec(
        'DROP TABLE IF EXISTS temp.person_rows; VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA secure_delete = OFF',
      );
    },
    bar({ codes, keys, texts: telling }) {
      const marks = [
        ...codes,
        ...keys.map((key) => splitKey(key).key),
        ...telling.filter((text) => text.includes('@')),
      ];
      database.transaction(() => {
        database.prepare('INSERT OR IGNORE INTO bar_key (one, key) VALUES (1, ?)').run(randomBytes(32).toString('hex'));
        const hash = createBarHash(database);
        const insert = database.prepare('INSERT OR IGNORE INTO barred (hash) VALUES (?)');
        for (const mark of marks) insert.run(hash(mark));
      });
    },
    openBars() {
      if (all('SELECT 1 FROM barred LIMIT 1').length === 0) return undefined;
      const hash = createBarHash(database);
      const isBarred = database.prepare('SELECT 1 AS found FROM barred WHERE hash = ?');
      return (marks) => marks.some((mark) => isBarred.get(hash(mark)) !== undefined);
    },
  };
}

function createBarHash(database: Database): (text: string) => string {
  const key = String(database.prepare('SELECT key FROM bar_key').get()?.key ?? '');
  return (text) => createHmac('sha256', key).update(text.trim().toLowerCase()).digest('base64url');
}

function isOfPerson(
  row: { readonly key?: string; readonly customerCode: string },
  codes: readonly string[],
  keys: readonly string[],
): boolean {
  return codes.includes(row.customerCode) || (row.key !== undefined && keys.includes(row.key));
}

interface HeldCustomer {
  readonly code?: string;
  readonly key?: string;
  /** By what somebody is found again. */
  readonly telling: readonly string[];
}

function toHeld(code: SqlValue | undefined, key: SqlValue | undefined, json: SqlValue | undefined): HeldCustomer {
  return {
    ...(code == null ? {} : { code: String(code) }),
    ...(key == null ? {} : { key: String(key) }),
    telling: listTellingTexts(readStoredJson(json, 'a customer', isJsonObject)),
  };
}

/** Replaces what a finder finds in the texts of a database by a note. */
function replaceTexts(
  database: Database,
  finder: TextFinder,
  isWanted: (table: string, column: string) => boolean,
): void {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .all();
  for (const { name: table } of tables)
    for (const { name: column } of database.prepare(`PRAGMA table_info(${String(table)})`).all()) {
      if (!isWanted(String(table), String(column))) continue;
      // In SQL for speed; only ASCII letters have a lower case there, so the pattern decides.
      const found = finder.texts.flatMap((text) =>
        database
          .prepare(`SELECT DISTINCT ${column} AS text FROM ${table} WHERE instr(lower(${column}), lower(?)) > 0`)
          .all(text),
      );
      for (const { text = null } of found)
        database
          .prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`)
          .run(finder.replaceIn(String(text)), text);
    }
}

/** Replaces a person's texts in another database of the state folder, such as the sandbox's. */
export function eraseFromDatabase(path: string, texts: readonly string[]): void {
  const database = openDatabase(path);
  try {
    database.exec('PRAGMA secure_delete = ON');
    database.transaction(() => replaceTexts(database, new TextFinder(texts), () => true));
    database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
