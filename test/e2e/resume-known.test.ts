import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { type Kill, killAt } from '#test/crash/kill-at.js';
import { makeWorkbook, textRow } from '#test/files/xlsx/make-workbook.js';
import { fast, header, keyedMapping, readResults, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const settled = [...fast, '--settle', '0.1', '--max-failures', '100%', '--json'];

/** Several stretches of rows: repeats near and far, rows that are invalid or damaged, and cells of several lines. */
function cells(count: number): string[][] {
  const rows = Array.from({ length: count }, (_, at) => {
    const no = String(at + 1).padStart(5, '0');
    const name = at % 11 === 3 ? `Zoë "${no}"\nand son` : `Müller ${no}`;
    const post = at % 97 === 50 ? '810' : `${2000 + (at % 900)}`;
    return [`C-${no}`, name, post, `c${no}@example.com`, at % 50 === 40 ? 'much' : `${at}`];
  });
  const repeated = [
    [1, 0],
    [count - 5, 7],
    [count - 4, 700],
    [count - 3, 40],
    [count - 2, count - 9],
  ] as const;
  for (const [at, of] of repeated) rows[at] = [...(rows[of] ?? [])];
  rows[count - 2]?.splice(4, 1, '7');
  rows[1200]?.splice(0, 2, 'C-00021', 'Somebody else');
  return rows;
}

const quoted = (cell: string) => (/["\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const buildCsv = (rows: readonly (readonly string[])[]) =>
  `${[header, ...rows.map((row) => row.map(quoted).join())].join('\n')}\n`;
const columns = header.split(',');
const buildNdjson = (rows: readonly (readonly string[])[]) =>
  rows.map((row) => `${JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, row[at]])))}\n`).join('');
const buildWorkbook = (rows: readonly (readonly string[])[]) =>
  makeWorkbook({ rows: [columns, ...rows].map((row, at) => textRow(at + 1, ...row)).join('') });

const rowCount = 1300;
const table = cells(rowCount);
const csv = buildCsv(table);

/** What may differ: the name of the run, what the server gave, and how often a lost request was made. */
const ofTheMoment = new Set(['_run', '_customerCode', '_customerId', '_httpStatus', '_attempts']);

interface Ended {
  readonly rows: readonly object[];
  readonly customers: readonly string[];
  readonly summary: object;
  readonly warnings: readonly string[];
}

/** Imports a file in a folder of its own to its end, and is killed at the given moments before. */
async function imported(folder: string, file: string, args: readonly string[], kills: readonly Kill[]): Promise<Ended> {
  const api = await place.openApi();
  const state = ['--state-dir', folder];
  let command = ['import', `${folder}/${file}`, '--results', `${folder}/results.csv`, ...args];
  for (const kill of kills) {
    const { killedBy } = await place.run([...command, ...state, ...settled], { env: killAt(kill) });
    expect(killedBy).toBe('SIGKILL');
    command = ['resume'];
  }
  const { stdout, stderr } = await place.run([...command, ...state, ...settled]);
  const { exitCode, status, input, findings, counts, problems } = JSON.parse(stdout);
  const customers = api
    .customers()
    .map(({ customerName, cC_001, postalCode }) => `${cC_001} ${customerName} ${postalCode}`);
  return {
    rows: readResults(place.read(`${folder}/results.csv`)).map(withoutMoment),
    customers: customers.sort(),
    summary: { exitCode, status, input: { ...input, file: '' }, findings, counts, problems },
    warnings: stderr.split('\n').filter((line) => line.startsWith('Warning:') && !line.includes('in doubt')),
  };
}

function withoutMoment(row: Record<string, string>): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !ofTheMoment.has(name)));
}

function ledgerIn(folder: string) {
  const tenants = place.path(`${folder}/tenants`);
  return new Database(`${tenants}/${readdirSync(tenants).at(-1)}/ledger.db`);
}

function countScans(ledger: Database.Database): number {
  return ledger.prepare('SELECT * FROM input_looks').all().length;
}

const mapping = { ...keyedMapping, key: { column: 'No', stamp: 'cC_001' } };

describe('an import that is killed and resumed ends like an undisturbed one, with the same messages:', () => {
  it.each<[string, string, string | Buffer, readonly string[], readonly Kill[]]>([
    ['a CSV file, near its end', 'c.csv', csv, [], ['after-send:1150']],
    ['a CSV file, near its begin and in the middle', 'c.csv', csv, [], ['before-send:30', 'after-send:600']],
    ['a strict import', 'c.csv', csv, ['--strict'], ['during-outcome-commit:1100', 'after-answer:30']],
    [
      'CRLF, a byte order mark and a title',
      'c.csv',
      `\ufeffOur customers\r\n\r\n${csv.replaceAll('\n', '\r\n')}`,
      ['--header-row', '3'],
      ['answer-begins:1100'],
    ],
    ['utf-16', 'c.csv', iconv.encode(csv, 'utf-16le', { addBOM: true }), [], ['after-send:1100']],
    ['windows-1252', 'c.csv', iconv.encode(csv, 'windows-1252'), [], ['after-send:1100']],
    ['a compressed file', 'c.csv.gz', gzipSync(csv), [], ['after-send:1100']],
    ['JSON objects', 'c.ndjson', buildNdjson(table), [], ['after-send:1100']],
    ['a workbook', 'c.xlsx', buildWorkbook(table), [], ['after-send:1100']],
    ['a file of which most is left', 'c.csv', buildCsv(cells(6300)), [], ['after-send:1100']],
  ])('%s', async (_name, file, content, args, kills) => {
    writeMapping(place, mapping);
    place.write(`undisturbed/${file}`, content);
    place.write(`killed/${file}`, content);
    const undisturbed = await imported('undisturbed', file, args, []);
    const killed = await imported('killed', file, args, kills);
    expect(killed).toEqual(undisturbed);
    expect(undisturbed.rows.length).toBeGreaterThanOrEqual(rowCount);
    expect(new Set(killed.customers).size).toBe(killed.customers.length);
    expect(undisturbed.warnings.length).toBeGreaterThan(0);
  });

  it('also where the ledger keeps nothing of the file, as an older program left it; then it is kept', async () => {
    writeMapping(place, mapping);
    for (const folder of ['undisturbed', 'killed']) place.write(`${folder}/c.csv`, csv);
    const undisturbed = await imported('undisturbed', 'c.csv', [], []);
    await place.openApi();
    const start = ['import', 'killed/c.csv', '--results', 'killed/results.csv', '--state-dir', 'killed', ...settled];
    await place.run(start, { env: killAt('after-send:1100') });
    const ledger = ledgerIn('killed');
    expect(countScans(ledger)).toBe(1);
    ledger.exec('DELETE FROM input_looks');
    const { stdout } = await place.run(['resume', '--state-dir', 'killed', ...settled]);
    const { counts, findings } = JSON.parse(stdout);
    expect({ counts, findings }).toEqual({
      counts: (undisturbed.summary as { counts: object }).counts,
      findings: (undisturbed.summary as { findings: object }).findings,
    });
    expect(readResults(place.read('killed/results.csv')).map(withoutMoment)).toEqual(undisturbed.rows);
    expect(countScans(ledger)).toBe(1);
    ledger.close();
  });
});
