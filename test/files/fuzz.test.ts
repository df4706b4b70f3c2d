import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { expect, it } from 'vitest';
import { InputError } from '#src/errors.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { awkwardColumns, awkwardCustomers } from './awkward-customers.js';
import { contentOf, useTempFiles } from './temp-files.js';

const files = useTempFiles();
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
        const first = await contentOf(source);
        expect(first.rows.length).toBeGreaterThan(0);
        expect(first.rows.every(({ index }, position) => index === position)).toBe(true);
        expect(first.numbers).toEqual([...new Set(first.numbers)].sort((one, other) => one - other));
        const width = source.columns.length;
        expect(first.rows.every(({ cells, defects }) => cells.length === width || defects !== undefined)).toBe(true);
        expect((await contentOf(source)).rows).toEqual(first.rows);
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
