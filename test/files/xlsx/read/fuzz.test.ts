import { type BookType, utils, write } from '@e965/xlsx';
import { describe, expect, it } from 'vitest';
import { InputError } from '#src/errors.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import {
  buildStyles,
  makeZip,
  saveFile,
  textCell,
  textRow,
  type WorkbookRecipe,
  workbookParts,
} from '#test/files/xlsx/make-workbook.js';

/** `npm run fuzz` makes it 10,000. */
const runs = Number(process.env.FUZZ_RUNS ?? 200);
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);
const secondsPerRun = 20;
const maxGrowthBytes = 300 * 1024 * 1024;

const awkward: WorkbookRecipe = {
  beforeRows: '<cols><col min="2" max="2" hidden="1"/></cols>',
  rows: `${textRow(1, 'Name', 'City', 'Since', 'Limit')}<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" s="1"><v>45296.5</v></c><c r="D2" s="0"><f>A1*2</f><v>12.5</v></c></row><row r="3" hidden="1">${textCell('A3', 'Zoë & 東京 😀')}<c t="b"><v>1</v></c><c r="C3" t="d"><v>2024-01-05</v></c><c r="D3" t="e"><v>#N/A</v></c></row>${Array.from({ length: 40 }, (_, at) => textRow(at + 4, `n${at}`, 'x')).join('')}`,
  afterRows: '<mergeCells><mergeCell ref="A4:B5"/></mergeCells>',
  shared: '<si><r><t>An</t></r><r><t>na</t></r></si><si><t>東京_x000D_</t><rPh sb="0" eb="2"><t>x</t></rPh></si>',
  styles: buildStyles('00000', 'yyyy-mm-dd hh:mm'),
  workbookProperties: '<workbookPr date1904="1"/>',
  moreSheets: [{ name: 'Other', rows: textRow(1, 'x') }],
};

/** A small generator of numbers that a seed repeats (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = (below: number) => number;

/** Pieces that mean something to a parser. */
const words = [
  '<',
  '>',
  '&',
  '"',
  '</row>',
  '<row>',
  '<c>',
  '</c>',
  '<v>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '&#x0;',
  '&amp;',
  '\r',
  '\u0000',
  '1e999',
  '-',
  'r="0"',
  'r="ZZZZ1"',
  't="s"',
  '<is>',
  '<t>',
  '<?x',
  '<!DOCTYPE a>',
  'PK\u0005\u0006',
  '東',
];

const mutations: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  function flip(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let count = 1 + random(8); count > 0; count--) copy[random(copy.length)] = random(256);
    return copy;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random(bytes.length));
  },
  function remove(bytes, random) {
    const start = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + random(64))]);
  },
  function splice(bytes, random) {
    const [from, to] = [random(bytes.length), random(bytes.length)];
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, from + random(200)), bytes.subarray(to)]);
  },
  function insert(bytes, random) {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(words[random(words.length)] ?? ''), bytes.subarray(at)]);
  },
];

function mutate(bytes: Buffer, random: Random): Buffer {
  return mutations[random(mutations.length)]?.(bytes, random) ?? bytes;
}

/** Half of the runs damage the archive, half a part inside a sound archive: those get past the checksums. */
function damagedWorkbook(random: Random): Buffer {
  const entries = [...workbookParts(awkward)].map(([name, content]) => ({
    name,
    content: Buffer.from(content),
    isStored: random(2) === 0,
  }));
  if (random(2) === 0) return mutate(makeZip(entries), random);
  const victim = random(entries.length);
  return makeZip(
    entries.map((entry, at) => (at === victim ? { ...entry, content: mutate(entry.content, random) } : entry)),
  );
}

/** Each is converted in a thread of its own, which takes a hundred times as long as to read an .xlsx. */
const oldRuns = Math.max(6, Math.round(runs / 25));

function saveOld(type: BookType): Buffer {
  const book = utils.book_new();
  const rows = Array.from({ length: 40 }, (_, at) => [`00${at}`, `Zoë ${at} 東京`, at / 3, at % 2 === 0, new Date(at)]);
  utils.book_append_sheet(book, utils.aoa_to_sheet([['No', 'Name', 'Limit', 'Active', 'Since'], ...rows]), 'Customers');
  return write(book, { type: 'buffer', bookType: type });
}

const content = `<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="Customers">${Array.from(
  { length: 20 },
  (_, at) =>
    `<table:table-row><table:table-cell office:value-type="string"><text:p>n${at} &amp; 東京</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="${at}.5"><text:p>${at}.5</text:p></table:table-cell><table:table-cell table:number-columns-repeated="3"/></table:table-row>`,
).join('')}</table:table></office:spreadsheet></office:body></office:document-content>`;

/** Of an .ods, half of the runs damage the table inside a sound archive. */
function damagedOldWorkbook(seed: number): { readonly bytes: Buffer; readonly name: string } {
  const random = randomFrom(seed);
  if (seed % 3 === 0) return { bytes: mutate(saveOld('biff8'), random), name: 'old.xls' };
  if (seed % 3 === 1) return { bytes: mutate(saveOld('ods'), random), name: 'old.ods' };
  const entries = [
    { name: 'mimetype', content: Buffer.from('application/vnd.oasis.opendocument.spreadsheet'), isStored: true },
    { name: 'content.xml', content: mutate(Buffer.from(content), random), isStored: false },
  ];
  return { bytes: makeZip(entries), name: 'old.ods' };
}

async function readDamagedOld(seed: number): Promise<'rows' | string> {
  try {
    const { bytes, name } = damagedOldWorkbook(seed);
    const source = await openRowSource(saveFile(bytes, name), {});
    for await (const _ of source.batches());
    return 'rows';
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw new Error(`seed ${seed}`, { cause: error });
  }
}

async function readDamaged(bytes: Buffer): Promise<'rows' | string> {
  try {
    const source = await openWorkbook(saveFile(bytes), { skipHidden: false });
    for await (const batch of source.batches())
      for (const row of batch) expect(row.cells.length).toBe(source.columns.length);
    return 'rows';
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
}

function withDeadline<T>(work: Promise<T>, seed: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`seed ${seed} hangs`)), secondsPerRun * 1000);
    work
      .then(resolve, (error) => reject(new Error(`seed ${seed}`, { cause: error })))
      .finally(() => clearTimeout(timer));
  });
}

describe('damaged workbooks of all kinds', () => {
  it(`give rows or an InputError, ${runs} times`, { timeout: 60_000 + runs * 100 }, async () => {
    const outcomes: Record<string, number> = {};
    const before = process.memoryUsage().rss;
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const outcome = await withDeadline(readDamaged(damagedWorkbook(randomFrom(seed))), seed);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(maxGrowthBytes);
    expect(outcomes.rows).toBeGreaterThan(runs / 20);
    expect(Object.keys(outcomes).length).toBeGreaterThan(3);
    if (process.env.FUZZ_RUNS !== undefined) process.stderr.write(`${JSON.stringify(outcomes)}\n`);
  });

  it(`of older programs do so, too, ${oldRuns} times`, { timeout: 120_000 + oldRuns * 5000 }, async () => {
    const outcomes: Record<string, number> = {};
    for (let seed = firstSeed; seed < firstSeed + oldRuns; seed++) {
      const outcome = await readDamagedOld(seed);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    expect(Object.values(outcomes).reduce((all, count) => all + count, 0)).toBe(oldRuns);
    if (process.env.FUZZ_RUNS !== undefined) process.stderr.write(`${JSON.stringify(outcomes)}\n`);
  });
});
