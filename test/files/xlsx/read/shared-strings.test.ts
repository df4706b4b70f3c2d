import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import { makeWorkbook, open, readRows, saveFile, textRow } from '#test/files/xlsx/make-workbook.js';

const texts = Array.from({ length: 5000 }, (_, at) => `a text of some length, number ${at}`);
const sharedRows = texts.map((_, at) => `<row r="${at + 2}"><c r="A${at + 2}" t="s"><v>${at}</v></c></row>`).join('');
const shared = texts.map((text) => `<si><t>${text}</t></si>`).join('');
const recipe = { rows: textRow(1, 'Name') + sharedRows, shared };
const limits = { sharedStringBytesInMemory: 0 };

let temporary: string;
const usual = process.env.TMPDIR;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'spill-'));
  process.env.TMPDIR = temporary;
});
afterEach(() => {
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  rmSync(temporary, { recursive: true, force: true });
});

/** Files that this process has open, where the system shows them. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

describe('a large table of shared strings', () => {
  it('is read from a temporary file that nobody else can open', async () => {
    const source = await open(recipe, { limits });
    let seen = 0;
    for await (const batch of source.batches()) {
      if (seen === 0) expect(openFiles()).toBeGreaterThan(0);
      for (const row of batch) expect(row.cells[0]).toBe(texts[seen++]);
      expect(readdirSync(temporary)).toEqual([]);
    }
    expect(seen).toBe(texts.length);
  });

  it.each<[string, object]>([
    ['after an early end', {}],
    ['after an error in the sheet', { rows: `${recipe.rows}<row><c></row>` }],
    ['after an error in the table', { shared: `${shared}<si>` }],
  ])('leaves no file open %s', async (_, change) => {
    const source = await open({ ...recipe, ...change }, { limits });
    await readPart(source).catch(() => undefined);
    const before = openFiles();
    for (let round = 0; round < 20; round++) await readPart(source).catch(() => undefined);
    expect(openFiles()).toBe(before);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is refused with advice when there is no room for it', async () => {
    const source = await open(recipe, { limits });
    process.env.TMPDIR = join(temporary, 'missing');
    await expect(readRows(source)).rejects.toMatchObject({
      code: 'SPILL_FAILED',
      nextStep: expect.stringContaining('TMPDIR'),
    });
  });
});

async function readPart(source: Awaited<ReturnType<typeof open>>): Promise<void> {
  let batches = 0;
  for await (const _ of source.batches()) if (++batches === 8) throw new Error('stop');
}

describe('an opened workbook', () => {
  it('holds no file open between readings', async () => {
    const path = saveFile(makeWorkbook(recipe));
    await openWorkbook(path);
    const before = openFiles();
    const sources = await Promise.all(Array.from({ length: 10 }, () => openWorkbook(path)));
    expect(openFiles()).toBe(before);
    expect(sources).toHaveLength(10);
  });

  it('can be read twice at once', async () => {
    const source = await open(recipe);
    const [a, b] = await Promise.all([readRows(source), readRows(source)]);
    expect(a).toHaveLength(texts.length);
    expect(b).toEqual(a);
  });

  it('is refused when the file changed since (D22)', async () => {
    const path = saveFile(makeWorkbook(recipe));
    const source = await openWorkbook(path, { displayName: 'customers.xlsx' });
    appendFileSync(path, 'more');
    await expect(readRows(source)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it('is refused, and not waited for, when the file went away', async () => {
    const path = saveFile(makeWorkbook(recipe));
    const source = await openWorkbook(path);
    rmSync(path);
    await expect(readRows(source)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    mkdirSync(path);
    await expect(readRows(source)).rejects.toMatchObject({ code: 'IS_A_FOLDER' });
  });
});
