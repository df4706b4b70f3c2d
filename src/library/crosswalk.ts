import { extname, resolve } from 'node:path';
import { type Row, textOf } from '#pipelines/row.js';
import type { Settings } from '#src/config/settings.js';
import { InputError, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { beginCsv } from '#src/files/csv/writer.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { beginWorkbook } from '#src/files/xlsx/writer.js';
import type { CrosswalkEntry, CrosswalkLinked } from '#src/ledger/crosswalk-table.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { tenantOf } from './connect.js';
import { compileFor, readMappingFile } from './mapping-file.js';

const columns = ['key', 'customerCode', 'customerId'] as const;
const entriesPerWrite = 500;

/**
 * Writes who is who to a CSV file or workbook.
 *
 * @returns how many keys
 * @throws UsageError
 */
export async function exportCrosswalk(settings: Settings, file: string): Promise<number> {
  const path = resolve(file);
  await assertWritable(path);
  const ledger = openLedger(settings.stateDir.value, tenantOf(settings));
  const isWorkbook = extname(path).toLowerCase() === '.xlsx';
  const style = { delimiter: ',', lineEnd: '\n', bom: false } as const;
  const table = isWorkbook
    ? await beginWorkbook(path, { name: 'Crosswalk' }, columns)
    : await beginCsv(path, columns, style);
  try {
    let count = 0;
    let batch: { cells: string[] }[] = [];
    for (const { key, customerCode, customerId = '' } of ledger.crosswalk.all()) {
      batch.push({ cells: [key, customerCode, customerId] });
      count += 1;
      if (batch.length < entriesPerWrite) continue;
      await table.write(batch);
      batch = [];
    }
    await table.write(batch);
    await table.commit();
    return count;
  } catch (error) {
    await table.discard();
    throw error;
  } finally {
    ledger.close();
  }
}

/**
 * Takes who is who from a file with the columns `key`, `customerCode` and perhaps `customerId`: all of it or nothing.
 *
 * @param replace - believe the file where it contradicts what is known
 * @throws UsageError, InputError, BusyError
 */
export async function importCrosswalk(settings: Settings, file: string, replace: boolean): Promise<CrosswalkLinked> {
  const source = await openRowSource(resolve(file), { displayName: file });
  const places = columns.map((name) =>
    source.columns.findIndex((own) => own.trim().toLowerCase() === name.toLowerCase()),
  );
  const [keyPlace = -1, codePlace = -1, idPlace = -1] = places;
  if (keyPlace < 0 || codePlace < 0)
    throw new UsageError(`${file} needs the columns "key" and "customerCode"; it has: ${source.columns.join(', ')}.`, {
      code: 'CROSSWALK_COLUMNS',
      nextStep: 'Name them so; a file of `crosswalk export` shows the form. Result files are for `crosswalk rebuild`.',
    });
  const entries = new Map<string, CrosswalkEntry>();
  for await (const batch of source.batches())
    for (const row of batch) {
      const cell = (place: number) => (place < 0 ? '' : textOf(row.cells[place]).trim());
      take(entries, row, file, cell(keyPlace).normalize('NFC'), cell(codePlace), cell(idPlace));
    }
  return linkEntries(settings, [...entries.values()], replace);
}

/**
 * Takes who is who from result files of this program, in their order: a later one goes before an earlier.
 *
 * @throws UsageError, InputError, BusyError
 */
export async function rebuildFromResults(
  settings: Settings,
  files: readonly string[],
  replace: boolean,
): Promise<CrosswalkLinked> {
  const mappingFile = readMappingFile(settings.mapping.value);
  if (mappingFile.mapping.key === undefined) throw noKey(mappingFile.path);
  const entries = new Map<string, CrosswalkEntry>();
  for (const file of files) {
    const source = await openRowSource(resolve(file), { displayName: file, resultColumns: true });
    const codePlace = source.columns.indexOf('_customerCode');
    const [statusPlace, idPlace] = [source.columns.indexOf('_status'), source.columns.indexOf('_customerId')];
    if (codePlace < 0 || statusPlace < 0) throw noResults(file);
    const mapper = compileFor({ ...mappingFile, mapping: { ...mappingFile.mapping, unmapped: 'ignore' } }, source);
    for await (const batch of source.batches()) {
      const mapped = await mapper.mapAll(batch);
      for (const [position, row] of batch.entries()) {
        const key = mapped[position]?.key;
        const [status, code] = [textOf(row.cells[statusPlace]), textOf(row.cells[codePlace])];
        if (key === undefined || code === '') continue;
        if (status === 'deleted') entries.delete(key);
        else entries.set(key, entryOf(key, code, idPlace < 0 ? '' : textOf(row.cells[idPlace])));
      }
    }
  }
  return linkEntries(settings, [...entries.values()], replace);
}

/** Links under the lock, so that no run reads half of it. */
function linkEntries(settings: Settings, entries: readonly CrosswalkEntry[], replace: boolean): CrosswalkLinked {
  const ledger = openLedger(settings.stateDir.value, tenantOf(settings));
  try {
    const lock = ledger.lock('crosswalk');
    try {
      return ledger.crosswalk.link(entries, replace);
    } finally {
      lock.release();
    }
  } finally {
    ledger.close();
  }
}

export function noKey(mapping: string): UsageError {
  return new UsageError(`The mapping ${mapping} has no "key", so there is no crosswalk to make.`, {
    code: 'KEY_MISSING',
    nextStep: 'Name the mapping that the import used with --mapping.',
  });
}

function take(
  entries: Map<string, CrosswalkEntry>,
  row: Row,
  file: string,
  key: string,
  code: string,
  id: string,
): void {
  const before = entries.get(key);
  const fact =
    key === '' || code === ''
      ? 'lacks its key or its customerCode'
      : before !== undefined && before.customerCode !== code
        ? `says that the key "${key}" is ${code}, and an earlier row says ${before.customerCode}`
        : undefined;
  if (fact !== undefined)
    throw new InputError(`${file}, row ${row.number} ${fact}.`, {
      code: 'CROSSWALK_ROW',
      nextStep: 'Nothing was taken. Correct the row and try again.',
    });
  entries.set(key, entryOf(key, code, id));
}

function entryOf(key: string, customerCode: string, customerId: string): CrosswalkEntry {
  return { key, customerCode, ...(customerId === '' ? {} : { customerId }) };
}

function noResults(file: string): UsageError {
  return new UsageError(`${file} is no result file: it has no columns _status and _customerCode.`, {
    code: 'NOT_A_RESULT_FILE',
    nextStep: 'For a file with the columns key and customerCode: mypos-customers crosswalk import <file>',
  });
}
