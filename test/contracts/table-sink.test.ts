import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cell } from '#pipelines/model.js';
import { beginTable, tableFormatNames, tableFormats } from '#src/files/begin-table.js';
import { openRowSource } from '#src/files/open-row-source.js';
import type { TableColumn } from '#src/files/table.js';
import { catchFailure, readContent, useTempFiles } from '#test/files/temp-files.js';

const files = useTempFiles();
const sheet = { name: 'Customers' };

function toColumns(names: readonly string[]): readonly TableColumn[] {
  return names.map((name) => ({ name }));
}

const awkwardTexts = [
  'plain',
  '0042',
  '1E5',
  'comma, semicolon; and | more',
  '"quoted"',
  'two\nlines',
  'a carriage\rreturn',
  '  spaces around  ',
  '=1+1',
  '_x000D_',
  '<b>&amp;</b>',
  'Zoë 東京 😀',
  "'",
];

describe.each(tableFormatNames)('a table in %s', (format) => {
  const path = () => files.path(`table.${format}`);

  async function write(names: readonly string[], batches: readonly (readonly (readonly Cell[])[])[]) {
    const sink = await beginTable(path(), toColumns(names), { sheet });
    for (const rows of batches) await sink.write(rows.map((cells) => ({ cells })));
    await (await sink.end()).publish();
  }

  async function readBack() {
    return readContent(await openRowSource(path()));
  }

  it('gives back every text as it was', async () => {
    await write(['n', 'text'], [awkwardTexts.map((text, index) => [String(index), text])]);
    const { columns, cells } = await readBack();
    expect(columns).toEqual(['n', 'text']);
    expect(cells.map(([, text]) => text)).toEqual(awkwardTexts);
  });

  it('gives back column names with quotation marks, delimiters and line breaks', async () => {
    const names = ['"a"', 'b,c;d', 'two\nlines', 'Zoë'];
    await write(names, [[['1', '2', '3', '4']]]);
    expect((await readBack()).columns).toEqual(names);
  });

  it('gives back numbers, booleans and dates', async () => {
    await write(
      ['number', 'boolean', 'date', 'blank', 'end'],
      [
        [
          [
            { kind: 'number', text: '-12.5', value: -12.5 },
            { kind: 'boolean', text: 'TRUE', value: true },
            { kind: 'date', text: '2024-02-29' },
            '',
            'x',
          ],
        ],
      ],
    );
    const [row] = (await readBack()).cells;
    expect([row?.[0], row?.[1]?.toUpperCase(), row?.[2], row?.[3], row?.[4]]).toEqual([
      '-12.5',
      'TRUE',
      '2024-02-29',
      '',
      'x',
    ]);
  });

  it('keeps the order of the rows over many batches, empty ones among them', async () => {
    const rows = Array.from({ length: 2345 }, (_, index) => [String(index), `Name ${index}`]);
    await write(['n', 'name'], [rows.slice(0, 1000), [], rows.slice(1000, 1001), rows.slice(1001)]);
    expect((await readBack()).cells).toEqual(rows);
  });

  it('writes a row with blank cells only, and a table of one column', async () => {
    await write(['a'], [[['x'], [''], ['y']]]);
    expect((await readBack()).cells.flat().filter((text) => text !== '')).toEqual(['x', 'y']);
  });

  it('appears under its name only when it is published', async () => {
    const sink = await beginTable(path(), toColumns(['a']), { sheet });
    await sink.write([{ cells: ['x'] }]);
    const finished = await sink.end();
    expect(readdirSync(dirname(path()))).not.toContain(`table.${format}`);
    await finished.publish();
    await finished.discard();
    await sink.discard();
    expect(readdirSync(dirname(path()))).toEqual([`table.${format}`]);
  });

  it.each(['before a row', 'between rows', 'after its end'])('leaves nothing when it is discarded %s', async (when) => {
    const sink = await beginTable(path(), toColumns(['a']), { sheet });
    if (when !== 'before a row') await sink.write([{ cells: ['x'] }]);
    if (when === 'after its end') await sink.end();
    await sink.discard();
    await sink.discard();
    expect(readdirSync(dirname(path()))).toEqual([]);
  });

  it('has the fingerprint of the bytes on disk', async () => {
    const sink = await beginTable(path(), toColumns(['a']), { sheet });
    await sink.write([{ cells: ['x'] }]);
    const finished = await sink.end();
    const fingerprint = await finished.fingerprint();
    await finished.publish();
    const bytes = readFileSync(path());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(fingerprint).toEqual({ sha256, sizeBytes: bytes.length });
  });

  it('replaces the file that is there', async () => {
    await write(['a'], [[['old']]]);
    await write(['a'], [[['new']]]);
    expect((await readBack()).cells).toEqual([['new']]);
  });

  it('says before the first row that it cannot be written', async () => {
    const nowhere = files.path(`missing/table.${format}`);
    const failure = await catchFailure(beginTable(nowhere, toColumns(['a']), { sheet }));
    expect(failure.code).toBe('CANNOT_WRITE');
  });

  it('is written in a format that is asked for, whatever its name says', async () => {
    const sink = await beginTable(files.path('table.txt'), toColumns(['a', 'b']), { format, sheet });
    await sink.write([{ cells: ['1', '2'] }]);
    await (await sink.end()).publish();
    expect((await openRowSource(files.path('table.txt'))).detected.format).toBe(format);
  });

  it('is in the manual with its ending', () => {
    expect(readFileSync('docs/export.md', 'utf8')).toContain(`\`${tableFormats[format].extensions[0]}\``);
  });
});
