import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { killAt } from '#test/crash/kill-at.js';
import { makeWorkbook, textRow } from '#test/files/xlsx/make-workbook.js';
import { customerLines, fast, header, keyedMapping, saveLater, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
/** Each test starts several processes. */
const patience = { timeout: 120_000 };
const preload = pathToFileURL(resolve('test/e2e/count-reads.mjs')).href;

/** Runs a command, and says how often it opened the file, and how many times over it read it. */
async function countReads(file: string, args: readonly string[], extra: Readonly<Record<string, string>> = {}) {
  const log = place.path('reads.json');
  const env = { NODE_OPTIONS: `--import ${preload}`, COUNTED_FILE: place.path(file), COUNT_LOG: log, ...extra };
  const { exitCode, stderr } = await place.run(args, { env });
  expect(exitCode, stderr).toBe(0);
  const { opens, bytes } = JSON.parse(readFileSync(log, 'utf8'));
  return { opens, times: bytes / statSync(place.path(file)).size };
}

const columns = header.split(',');

/** The same customers in every format. */
function writeFiles(rows: number) {
  const cells = customerLines(rows).map((line) => line.split(','));
  const csv = `${header}\n${customerLines(rows).join('\n')}\n`;
  place.write('customers.csv', csv);
  place.write('customers.csv.gz', gzipSync(csv));
  const objects = cells.map((row) => JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, row[at]]))));
  place.write('customers.ndjson', `${objects.join('\n')}\n`);
  const sheet = [columns, ...cells].map((row, at) => textRow(at + 1, ...row)).join('');
  place.write('customers.xlsx', makeWorkbook({ rows: sheet }));
}

const formats = ['customers.csv', 'customers.csv.gz', 'customers.ndjson', 'customers.xlsx'];

describe.each([
  ['a small file', 200],
  ['a large file', 9000],
])('%s is opened at most three times and read at most 2.2 times over', (_size, rows) => {
  it.each(formats)('by check, plan and mapping suggest: %s', patience, async (file) => {
    await place.openApi();
    writeMapping(place, keyedMapping);
    writeFiles(rows);
    const all = {
      check: await countReads(file, ['check', file]),
      strictCheck: await countReads(file, ['check', file, '--strict']),
      plan: await countReads(file, ['plan', file, ...fast]),
      suggest: await countReads(file, ['mapping', 'suggest', file, '--output', 'suggested.json']),
    };
    for (const [command, { opens, times }] of Object.entries(all)) {
      expect(opens, command).toBeLessThanOrEqual(3);
      expect(times, command).toBeLessThanOrEqual(2.2);
    }
    expect(all.suggest.opens).toBe(1);
    expect(all.suggest.times).toBeLessThanOrEqual(1.1);
  });
});

it('a file with titles above its header is read no more often when a mapping is suggested for it', async () => {
  place.write('titled.csv', `Customer list\n\n${header}\n${customerLines(200).join('\n')}\n`);
  const { opens, times } = await countReads('titled.csv', ['mapping', 'suggest', 'titled.csv', '--output', 'm.json']);
  expect(opens).toBe(1);
  expect(times).toBeLessThanOrEqual(1.1);
  expect(JSON.parse(place.read('m.json')).source).toBeUndefined();
});

it('a file without a header is opened once, too', async () => {
  place.write('headless.csv', `${customerLines(200).join('\n')}\n`);
  const { opens } = await countReads('headless.csv', ['mapping', 'suggest', 'headless.csv', '--output', 'h.json']);
  expect(opens).toBe(1);
  expect(JSON.parse(place.read('h.json')).source).toEqual({ noHeader: true });
});

describe('an import and its resumption open the file at most three times and read it at most 2.2 times over', () => {
  it.each(formats)('%s', patience, async (file) => {
    await place.openApi();
    writeMapping(place, keyedMapping);
    writeFiles(1500);
    const { opens, times } = await countReads(file, ['import', file, ...fast]);
    expect(opens).toBeLessThanOrEqual(3);
    expect(times).toBeLessThanOrEqual(2.2);
  });

  it('also when it was killed in the middle', patience, async () => {
    const api = await place.openApi();
    writeMapping(place, keyedMapping);
    writeFiles(1500);
    const { killedBy } = await place.run(['import', 'customers.csv', ...fast], { env: killAt('after-send:700') });
    expect(killedBy).toBe('SIGKILL');
    // Without anybody who was saved later, a lost row is only settled once others were sent: its part of the file is read again.
    await saveLater(api);
    const { opens, times } = await countReads('customers.csv', ['resume', ...fast, '--settle', '0.1']);
    expect(opens).toBeLessThanOrEqual(3);
    expect(times).toBeLessThanOrEqual(2.2);
  });
});
