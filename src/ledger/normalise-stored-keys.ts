import { normaliseKey } from '#pipelines/mapping/key.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';

/** Keys that may have another form now: e-mail addresses with capitals, and whatever is not plain ASCII. */
const mayDiffer = "((instr(key, '@') > 0 AND key <> lower(key)) OR key GLOB '*[^ -~]*')";
/** Whole numbers that a program wrote as decimal ones. */
const isFloat = "(key GLOB '[0-9]*.0' AND substr(key, 1, length(key) - 2) NOT GLOB '*[^0-9]*')";
/** Numbers with other decimals: where there are any, `1.0` is no whole number either. */
const isDecimal = `(key GLOB '[0-9]*.[0-9]*' AND key NOT GLOB '*[^0-9.]*' AND NOT ${isFloat})`;

/** A ledger may have millions of keys. */
const keysAtATime = 5000;

/**
 * Gives every key of the crosswalk, and of rows that a later run may ask for, the form in which keys are compared
 * today: e-mail addresses without case, no invisible characters, no `.0` behind whole numbers.
 *
 * Where two keys have become one, it stands for the customer that was written last; the other customer stays known by
 * its former spelling.
 */
export function normaliseStoredKeys(database: Database): void {
  const hasDecimals = database.prepare(`SELECT 1 FROM crosswalk WHERE ${isDecimal} LIMIT 1`).get() !== undefined;
  const condition = hasDecimals ? mayDiffer : `(${mayDiffer} OR ${isFloat})`;
  const rename = (key: string) => {
    const normalised = normaliseKey(key);
    return hasDecimals ? normalised : normalised.replace(/^(\d+)\.0$/, '$1');
  };
  renameInCrosswalk(database, condition, rename);
  renameInOpenRows(database, condition, rename);
}

function renameInCrosswalk(database: Database, condition: string, rename: (key: string) => string): void {
  const next = database.prepare(`SELECT key, customer_code, coalesce(run, 0) AS run FROM crosswalk
    WHERE key > ? AND ${condition} ORDER BY key LIMIT ${keysAtATime}`);
  const find = database.prepare('SELECT customer_code, coalesce(run, 0) AS run FROM crosswalk WHERE key = ?');
  const setKey = database.prepare('UPDATE crosswalk SET key = ? WHERE key = ?');
  const remove = database.prepare('DELETE FROM crosswalk WHERE key = ?');
  // No key has this text: it only stands there while two keys change places.
  const placeholder = '\u001f';

  function renameOne({ key: stored, customer_code: code, run }: Record<string, SqlValue>): void {
    const key = String(stored);
    const wanted = rename(key);
    if (wanted === key || wanted === '') return;
    const other = find.get(wanted);
    if (other === undefined) setKey.run(wanted, key);
    else if (other.customer_code === code) remove.run(key);
    else if (Number(run) > Number(other.run)) {
      setKey.run(placeholder, wanted);
      setKey.run(wanted, key);
      setKey.run(key, placeholder);
    }
  }

  for (let last = ''; ; ) {
    const found = next.all(last);
    const end = found.at(-1);
    if (end === undefined) return;
    for (const row of found) renameOne(row);
    last = String(end.key);
  }
}

/** Rows in doubt are looked for by their key, and those of a run that may be resumed are compared with others of it. */
function renameInOpenRows(database: Database, condition: string, rename: (key: string) => string): void {
  const open = database.prepare(`SELECT run, idx, key FROM rows WHERE ${condition}
    AND (state IN ('intent', 'in_doubt') OR run IN (SELECT number FROM runs WHERE state <> 'completed'))`);
  const setKey = database.prepare('UPDATE rows SET key = ? WHERE run = ? AND idx = ?');
  for (const { run = 0, idx = 0, key } of open.all()) setKey.run(rename(String(key)), run, idx);
}
