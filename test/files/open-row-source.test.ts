import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { InputError, UsageError } from '#src/errors.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import { awkwardColumns, awkwardCustomers } from './awkward-customers.js';
import { catchFailure, readContent, useTempFiles } from './temp-files.js';

const files = useTempFiles();
const zipHead = Buffer.from([0x50, 0x4b, 3, 4, ...Array<number>(26).fill(0)]);

describe('a file that is no table', () => {
  it.each([
    ['empty', '', 'EMPTY_FILE'],
    ['only a mark', '\ufeff', 'EMPTY_FILE'],
    ['only space', ' \r\n\r\n ', 'EMPTY_FILE'],
    ['only delimiters', ',,,\n,,,\n', 'NO_DATA_ROWS'],
    ['a header only', 'a,b\n', 'NO_DATA_ROWS'],
    ['a header and empty rows', 'a,b\n,\n\n,\n', 'NO_DATA_ROWS'],
    ['an old workbook that was cut', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'FILE_DAMAGED'],
    [
      'a workbook with a password',
      Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('EncryptedPackage', 'utf16le')]),
      'WORKBOOK_ENCRYPTED',
    ],
    ['a web page', '\ufeff\r\n<html><table><tr><td>a</td>', 'HTML_FILE'],
    ['a web page in utf-16', Buffer.from('\ufeff<!DOCTYPE HTML>', 'utf16le'), 'HTML_FILE'],
    ['a bare table', '<table border=1>', 'HTML_FILE'],
    ['a workbook of 2003', '<?xml version="1.0"?><Workbook>', 'XML_FILE'],
    ['a PDF', '%PDF-1.7', 'PDF_FILE'],
    ['rich text', '{\\rtf1 x}', 'RTF_FILE'],
    ['a JSON array that is empty', '[]\n', 'NO_DATA_ROWS'],
    ['a JSON array that was cut', '[\n  {"a": 1},\n', 'FILE_CUT'],
    ['contacts', readFileSync('fixtures/cases/layouts/icloud.vcf'), 'VCARD_FILE'],
    [
      'an OpenDocument text',
      Buffer.concat([zipHead, Buffer.from('mimetypeapplication/vnd.oasis.opendocument.text')]),
      'ODS_FILE',
    ],
    ['a Numbers file', Buffer.concat([zipHead, Buffer.from('Index/Document.iwa')]), 'NUMBERS_FILE'],
    ['a picture', Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7919) % 256)), 'BINARY_FILE'],
    ['nested gzip', gzipSync(gzipSync('a,b\n1,2\n')), 'NESTED_ARCHIVE'],
  ])('is refused by its content: %s', async (_name, content, code) => {
    const failure = await catchFailure(files.open(content));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain('customers.csv');
    expect(failure.nextStep).not.toBe('');
  });

  it.each([
    ['a web page', '<html><table><tr><td>Name', 'HTML_FILE'],
    ['a web page behind a comment', '\ufeff \n<!-- x --><!DOCTYPE html><p>', 'HTML_FILE'],
    ['XHTML', '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml">', 'HTML_FILE'],
    ['a workbook of 2003', '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office">', 'XML_FILE'],
    ['a flat OpenDocument', '<?xml version="1.0"?><office:document xmlns:office="x">', 'ODS_FILE'],
    ['a PDF', '%PDF-1.7\nx, y', 'PDF_FILE'],
    ['nothing', '', 'EMPTY_FILE'],
  ])('has the same code whatever its name is and whichever reader gets it: %s', async (_name, content, code) => {
    expect((await catchFailure(files.open(content, {}, 'customers.csv'))).code).toBe(code);
    expect((await catchFailure(files.open(content, {}, 'customers.xlsx'))).code).toBe(code);
    expect((await catchFailure(openWorkbook(files.write(content, 'book.xlsx')))).code).toBe(code);
  });

  it.each([
    ['missing', 'nowhere.csv', 'FILE_NOT_FOUND'],
    ['a folder', 'folder', 'IS_A_FOLDER'],
    ['behind a file', 'folder/../file.csv/x', 'FILE_NOT_FOUND'],
  ])('is refused when it is %s', async (_name, name, code) => {
    mkdirSync(files.path('folder'));
    files.write('a\n1\n', 'file.csv');
    expect((await catchFailure(openRowSource(files.path(name)))).code).toBe(code);
  });

  it.runIf(process.platform === 'linux').each([
    ['a device', '/dev/null', 'NOT_A_FILE'],
    ['a file whose disk fails', '/proc/self/mem', 'READ_FAILED'],
  ])('is refused when it is %s', async (_name, path, code) => {
    expect((await catchFailure(openRowSource(path))).code).toBe(code);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'is refused when reading is not allowed',
    async () => {
      const path = files.write('a\n1\n');
      chmodSync(path, 0);
      expect((await catchFailure(openRowSource(path))).code).toBe('FILE_NOT_READABLE');
    },
  );

  it('is called by the name that the user typed', async () => {
    const failure = await catchFailure(openRowSource(files.write(''), { displayName: 'standard input' }));
    expect(failure.message).toMatch(/^standard input: /);
  });

  it('fails with the class that decides the exit code', async () => {
    await expect(files.open('')).rejects.toBeInstanceOf(InputError);
    await expect(files.open('a\n1\n', { encoding: 'klingon' })).rejects.toBeInstanceOf(UsageError);
    await expect(files.open('a\n1\n', { delimiter: '"' })).rejects.toBeInstanceOf(UsageError);
  });

  it.each([
    ['UNKNOWN_ENCODING', { encoding: 'klingon' }],
    ['UNKNOWN_ENCODING', { encoding: 'base64' }],
    ['BAD_DELIMITER', { delimiter: '' }],
    ['BAD_DELIMITER', { delimiter: '\n' }],
  ])('fails with %s for %j', async (code, options) => {
    expect((await catchFailure(files.open('a\n1\n', options))).code).toBe(code);
  });
});

describe('an open source', () => {
  it('knows the hash and the size of the bytes on disk', async () => {
    const bytes = gzipSync('a,b\n1,2\n');
    const { fingerprint } = await files.open(bytes, {}, 'x.csv.gz');
    expect(fingerprint).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length });
  });

  it.each(['book.xlsx', 'BOOK.XLSM'])('is refused when it is CSV under the name of a workbook: %s', async (name) => {
    expect(await catchFailure(files.open('a\tb\n1\t2\n', {}, name))).toMatchObject({
      code: 'WORKBOOK_IS_TEXT',
      nextStep: expect.stringContaining('.csv'),
    });
  });

  it('is CSV whatever else its name says', async () => {
    expect((await files.open('a\tb\n1\t2\n', {}, 'export.xls')).detected).toMatchObject({
      format: 'csv',
      delimiter: '\t',
    });
  });

  it('gives at most 500 rows a step', async () => {
    const source = await files.open(`a\n${'1\n'.repeat(2000)}`);
    let largest = 0;
    for await (const rows of source.batches()) largest = Math.max(largest, rows.length);
    expect(largest).toBe(500);
  });

  it('refuses to go on with a file that was changed', async () => {
    const path = files.write('a\n1\n');
    const source = await openRowSource(path);
    appendFileSync(path, '2\n');
    expect((await catchFailure(readContent(source))).code).toBe('FILE_CHANGED');
  });

  it('refuses to go on with a file that is gone', async () => {
    const path = files.write('a\n1\n');
    const source = await openRowSource(path);
    rmSync(path);
    expect((await catchFailure(readContent(source))).code).toBe('FILE_NOT_FOUND');
  });

  it.runIf(process.platform === 'linux').each(['customers.csv', 'customers.csv.gz'])(
    'closes %s when the reader stops early',
    async (name) => {
      const text = `a,b\n${'some text,more text\n'.repeat(50_000)}`;
      const source = await files.open(name.endsWith('gz') ? gzipSync(text) : text, {}, name);
      const before = readdirSync('/proc/self/fd').length;
      for (let turn = 0; turn < 20; turn += 1) for await (const rows of source.batches()) if (rows.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    },
  );
});

const runs = Number(process.env.FUZZ_RUNS ?? 300);

const rows = [[...awkwardColumns], ...awkwardCustomers.map((cells) => [...cells])];
const lf = stringify(rows);
const seeds: readonly Buffer[] = [
  Buffer.from(lf),
  Buffer.from(`\ufeff${stringify(rows, { delimiter: ';', quoted: true, record_delimiter: '\r\n' })}`),
  Buffer.from(stringify(rows, { delimiter: '\t', record_delimiter: '\r', quote_record_delimiter: true })),
  Buffer.from(`sep=|\n${stringify(rows, { delimiter: '|' })}`),
  iconv.encode(lf, 'utf-16le', { addBOM: true }),
  iconv.encode(lf, 'utf-16be'),
  iconv.encode(lf, 'windows-1252'),
  gzipSync(lf),
  Buffer.from(awkwardCustomers.map((cells) => JSON.stringify({ ...cells })).join('\n')),
];

type Mutation = (bytes: Buffer) => Buffer;
const place = fc.nat({ max: 9999 }).map((n) => n / 9999);
const at = (bytes: Buffer, share: number) => Math.floor(share * bytes.length);
const flip = fc.tuple(place, fc.nat(255)).map(
  ([share, byte]): Mutation =>
    (bytes) => {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[Math.min(at(copy, share), copy.length - 1)] = byte;
      return copy;
    },
);
const cut = place.map(
  (share): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(bytes, share)),
);
const drop = fc.tuple(place, place).map(
  ([one, other]): Mutation =>
    (bytes) => {
      const [from, to] = [at(bytes, Math.min(one, other)), at(bytes, Math.max(one, other))];
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    },
);
const insert = fc
  .tuple(
    place,
    fc.constantFrom('"', '""', '\r', '\n', '\r\n', '\0', ',', ';', '\ufeff', '\ufffd', '{', 'x'.repeat(9999)),
  )
  .map(
    ([share, text]): Mutation =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, at(bytes, share)), Buffer.from(text), bytes.subarray(at(bytes, share))]),
  );
const splice = fc.tuple(place, place, fc.constantFrom(...seeds)).map(
  ([share, other, seed]): Mutation =>
    (bytes) =>
      Buffer.concat([bytes.subarray(0, at(bytes, share)), seed.subarray(at(seed, other))]),
);
const mutations = fc.array(fc.oneof(flip, flip, cut, drop, insert, splice), { minLength: 1, maxLength: 4 });
const odd = fc.record(
  {
    encoding: fc.constantFrom('auto', 'utf-8', 'utf-16le', 'windows-1252', 'shift_jis'),
    delimiter: fc.constantFrom('auto', ';', '||'),
    headerRow: fc.integer({ min: 1, max: 4 }),
    lenientQuotes: fc.boolean(),
    expectedColumns: fc.constant(awkwardColumns),
  },
  { requiredKeys: [] },
);

const options = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: odd });

it(`reads or refuses ${runs} spoilt files, and never crashes or hangs`, { timeout: 1_200_000 }, async () => {
  let read = 0;
  const refusals = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...seeds), mutations, options, async (seed, steps, how) => {
      const bytes = steps.reduce((before, mutate) => mutate(before), seed);
      const path = files.write(bytes);
      const started = performance.now();
      try {
        const source = await openRowSource(path, how);
        const first = await readContent(source);
        expect(first.rows.length).toBeGreaterThan(0);
        expect(first.rows.every(({ index }, position) => index === position)).toBe(true);
        expect(first.numbers).toEqual([...new Set(first.numbers)].sort((a, b) => a - b));
        const width = source.columns.length;
        expect(first.rows.every(({ cells, issues }) => cells.length === width || issues !== undefined)).toBe(true);
        expect((await readContent(source)).rows).toEqual(first.rows);
        read += 1;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        expect(error.nextStep).toBeTruthy();
        refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
      }
      expect(performance.now() - started).toBeLessThan(10_000);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  expect(read).toBeGreaterThan(0);
  if (process.env.FUZZ_RUNS !== undefined)
    process.stdout.write(`${read} read, refused ${JSON.stringify([...refusals])}\n`);
});
