import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mapRows } from '#pipelines/import/map.js';
import type { Issue } from '#pipelines/issue.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { checkFile } from '#src/app/check/check-file.js';
import { openInput } from '#src/app/input.js';
import { suggestMappingFor } from '#src/app/mapping/suggest-mapping.js';
import { compileFor, readMappingFile } from '#src/app/mapping-file.js';
import { renderCheck } from '#src/cli/render/summary.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { makeWorkbook, textRow } from '#test/files/xlsx/make-workbook.js';

const cases = resolve('fixtures/cases');
const files = join(cases, 'files');
const workbooks = join(cases, 'workbooks');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-cases-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function save(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** The drafts, the keys and the reasons of a file by a mapping, as an import would see them. */
async function map(file: string, mapping: string, options: ReadOptions = {}) {
  const mappingFile = readMappingFile(mapping);
  const { source } = await openInput(file, options, folder, mappingFile.mapping);
  const mapper = compileFor(mappingFile, source);
  const validate = createDraftValidator(mappingFile.mapping.customFields, mapper.fields);
  const rows = [];
  for await (const batch of source.batches())
    rows.push(...(await mapRows(batch, { mapper, validate, checkCells: undefined })));
  return {
    drafts: rows.map((work) => (work.outcome === undefined ? work.draft : undefined)),
    keys: rows.map((work) => (work.outcome === undefined ? work.key : undefined)),
    reasons: rows.flatMap(({ outcome }) => (outcome?.status === 'invalid' ? outcome.reasons : [])),
    lines: rows.map(({ row }) => row.number),
    notices: source.notices,
  };
}

async function check(file: string, mapping: string, options: ReadOptions = {}) {
  const notices: Issue[] = [];
  const settings = resolveSettings({ mapping, stateDir: join(folder, 'state') }, {});
  const summary = await checkFile(settings, { file, ...options }, { notice: (notice) => notices.push(notice) });
  return { ...summary, told: notices };
}

describe('columns', () => {
  it('of other programs whose names begin with "_" are columns', async () => {
    const { keys, drafts } = await map(join(files, 'mongo.csv'), join(files, 'mg2.json'));
    expect(keys).toEqual(['64f0c0ffee01', '64f0c0ffee02']);
    expect(drafts[0]).toMatchObject({ customerName: 'Koala Books', city: 'Balmain' });
  });

  it('with one name: the name is the first, and the second has a number', async () => {
    const both = { fields: { customerName: 'Company', phoneNumber: 'Phone', faxNumber: 'Phone (2)' } };
    const { drafts } = await map(join(files, 'c33-dup.csv'), save('both.json', both));
    expect(drafts).toEqual([{ customerName: 'Koala', phoneNumber: '0491 570 156', faxNumber: '02 5550 1201' }]);
  });

  it('that are not mapped are told in one line, however many they are', async () => {
    const { told } = await check(join(files, 'c31-wide.csv'), join(files, 'm-noemail.json'));
    expect(told.map(({ code }) => code)).toEqual(['COLUMN_UNMAPPED']);
    expect(told[0]?.message).toContain('2,000 columns');
  });
});

describe('quotation marks of other programs', () => {
  it('are offered by the option that reads them, and read by it: a backslash before the mark', async () => {
    const mapping = join(files, 'mappings.json');
    const { reasons } = await map(join(files, 'c13-backslash.csv'), mapping);
    expect(reasons).toMatchObject([
      { code: 'BACKSLASH_QUOTE', message: expect.stringContaining('--escape backslash') },
    ]);
    const { drafts } = await map(join(files, 'c13-backslash.csv'), mapping, { escape: 'backslash' });
    expect(drafts.map((draft) => draft?.customerName)).toEqual(['Koala "Books" Ltd', 'Wren']);
  });

  it('are offered by the option that reads them, and read by it: a space before the mark', async () => {
    const mapping = { fields: { customerName: 'A', notes: 'B' } };
    const file = join(files, 'comma-space-quote.csv');
    const { reasons } = await map(file, save('plain.json', mapping));
    expect(reasons).toMatchObject([
      { code: 'SPACE_BEFORE_QUOTE', message: expect.stringContaining('--skip-initial-space') },
    ]);
    const skipping = save('skipping.json', { ...mapping, source: { skipInitialSpace: true } });
    expect((await map(file, skipping)).drafts).toEqual([{ customerName: '1', notes: 'x, y' }]);
  });
});

async function suggest(file: string, options: ReadOptions = {}) {
  const notices: Issue[] = [];
  const output = join(folder, 'proposed.json');
  const proposal = await suggestMappingFor({ file, output, force: true, choices: {}, ...options }, undefined, {
    notice: (notice) => notices.push(notice),
  });
  return { ...proposal, told: notices.map(({ code }) => code) };
}

describe('files without a header', () => {
  const letters = { key: { column: 'A' }, fields: { customerName: 'B', phoneNumber: 'C', emailAddress: 'E' } };

  it('have columns by letter with noHeader, and the first customer is there', async () => {
    const mapping = save('letters.json', { ...letters, source: { noHeader: true } });
    const { keys, drafts, lines } = await map(join(files, 'nohead.csv'), mapping);
    expect([keys, lines]).toEqual([
      ['1', '2', '3'],
      [1, 2, 3],
    ]);
    expect(drafts[0]).toMatchObject({ customerName: 'Koala Books', emailAddress: 'maeve@koala.example' });
  });

  it('are told by their values when the mapping has names', async () => {
    const error = await map(join(files, 'nohead.csv'), join(files, 'mappings.json')).catch((e: Error) => e);
    expect(error).toMatchObject({ nextStep: expect.stringContaining('--no-header') });
  });

  it('are told by the mapping when that has letters', async () => {
    const error = await map(join(files, 'nohead.csv'), save('letters.json', letters)).catch((e: Error) => e);
    expect(error).toMatchObject({ nextStep: expect.stringContaining('"noHeader": true') });
  });

  it('are seen by suggest, which loses no customer', async () => {
    const { told, mapping } = await suggest(join(files, 'nohead.csv'));
    expect(told).toContain('HEADER_MISSING');
    expect(mapping).toMatchObject({ source: { noHeader: true }, fields: { emailAddress: expect.anything() } });
    const { drafts } = await map(join(files, 'nohead.csv'), join(folder, 'proposed.json'));
    expect(drafts.map((draft) => draft?.emailAddress)).toContain('maeve@koala.example');
  });

  it('may be workbooks', async () => {
    const book = save('book.xlsx', '');
    writeFileSync(book, makeWorkbook({ rows: textRow(1, '7', 'Koala', '0491 570 156') + textRow(2, '8', 'Wren', '') }));
    const { keys } = await map(book, save('letters.json', { key: { column: 'A' }, fields: { customerName: 'B' } }), {
      noHeader: true,
    });
    expect(keys).toEqual(['7', '8']);
  });

  it('come back as rejects with our header', async () => {
    const mapping = save('letters.json', { ...letters, source: { noHeader: true } });
    const rejects = save('x.rejects.csv', '_row,_status,_run,A,B,C,D,E\n1,invalid,r1,1,Koala,,,a@x.example\n');
    expect((await map(rejects, mapping)).keys).toEqual(['1']);
  });
});

describe('lines above a header', () => {
  it('of MYOB are empty braces, of others remarks', async () => {
    const mapping = join(files, 'm-noemail.json');
    expect((await map(join(cases, 'sequences/drop/myob.csv'), mapping)).keys).toEqual(['9']);
    expect((await map(join(files, 'c08-comments.csv'), mapping)).keys).toEqual(['1', '#2']);
  });

  it.each([
    [
      'a remark with the delimiter in it',
      '# sold, exported by hand\nColour;Shape;Taste\nred;round;sweet\n',
      'Colour,Shape,Taste',
    ],
    ['empty braces', '{}\nColour\tShape\nred\tround\n', 'Colour,Shape'],
    ['no remark: the column is called #', '#,Colour\n1,red\n', '#,Colour'],
    ['no remark: the column is called #No', '#No,Colour\n1,red\n', '#No,Colour'],
  ])('are no header where nothing else tells: %s', async (_name, text, columns) => {
    const { source } = await openInput(save('x.csv', text), {}, folder);
    expect(source.columns.join(',')).toBe(columns);
  });

  it.each([
    ['csv', (rows: readonly (readonly string[])[]) => rows.map((cells) => `${cells.join(',')}\n`).join('')],
    [
      'xlsx',
      (rows: readonly (readonly string[])[]) =>
        makeWorkbook({ rows: rows.map((cells, at) => textRow(at + 1, ...cells)).join('') }),
    ],
  ])('are customers where they fit the columns, and nobody is lost: %s', async (extension, write) => {
    const rows = [
      ['Our customers', '', ''],
      ['1', 'Koala', '0491 570 156'],
      ['No', 'Company', 'Phone'],
      ['2', 'Wren', '0491 570 157'],
      ['3', 'Emu', '0491 570 158'],
    ];
    const file = join(folder, `sorted.${extension}`);
    writeFileSync(file, write(rows));
    const mapping = save('m.json', {
      key: { column: 'No' },
      fields: { customerName: 'Company', phoneNumber: 'Phone' },
    });
    const { keys, lines, notices } = await map(file, mapping);
    expect([keys, lines]).toEqual([
      ['1', '2', '3'],
      [2, 4, 5],
    ]);
    expect(notices.map(({ code }) => code)).toContain('CUSTOMERS_ABOVE_HEADER');
  });

  it('that are a second header, or what a report was asked for, are no customers, and are told', async () => {
    const text = 'Customer,Customer,Contact\nFrom,2026-01-01,To\nNo,Company,Phone\n2,Wren,0491 570 157\n';
    const mapping = save('m.json', {
      key: { column: 'No' },
      fields: { customerName: 'Company', phoneNumber: 'Phone' },
    });
    const { keys, notices } = await map(save('report.csv', text), mapping);
    expect(keys).toEqual(['2']);
    expect(notices.map(({ code }) => code)).toEqual(['ROWS_ABOVE_HEADER']);
  });
});

describe('suggest', () => {
  it('reads backslash escapes, and says so in the mapping', async () => {
    const { told, mapping } = await suggest(join(files, 'c13-backslash.csv'));
    expect(told).toContain('BACKSLASH_QUOTE');
    expect(mapping.source).toEqual({ escape: 'backslash' });
  });
});

describe('a file', () => {
  it('whose name is written in another way is proposed', async () => {
    save('Customers 2026.csv', 'Company\nKoala\n');
    const error = await openInput(join(folder, 'customers_2026.CSV'), {}, folder).catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'FILE_NOT_FOUND', nextStep: expect.stringContaining('"Customers 2026.csv"') });
  });

  it('of QuickBooks may hold other lists behind the customers, which are told', async () => {
    const text =
      '!HDR\tPROD\nHDR\tQuickBooks\n!CUST\tNAME\tEMAIL\nCUST\tKoala\ta@x.example\n!VEND\tNAME\tADDR1\nVEND\tSupplier\t1 Road\n';
    const mapping = save('iif.json', { fields: { customerName: 'NAME', emailAddress: 'EMAIL' } });
    const { drafts, notices } = await map(save('lists.iif', text), mapping);
    expect(drafts).toEqual([{ customerName: 'Koala', emailAddress: 'a@x.example' }]);
    expect(notices.map(({ code }) => code)).toEqual(['ROWS_ABOVE_HEADER', 'OTHER_LISTS']);
  });
});

describe('reasons', () => {
  const numbers = {
    fields: { customerName: 'Company', creditLimit: { column: 'Limit', type: 'number' }, emailAddress: 'Mail' },
  };

  it('of one group show the values that differ, and no value as if it were in all rows', async () => {
    const text = 'Company,Limit,Mail\nA,five,\nB,six,\nC,seven,\nD,eight,\nE,five,\n';
    const { problems } = await check(save('x.csv', text), save('m.json', numbers));
    expect(problems).toMatchObject([{ count: 5, rows: [2, 3, 4] }]);
    expect(problems[0]?.message).toMatch(/^Limit "five", "six", "seven", … is not a number/);
  });

  it('name the row of a spreadsheet program and the line of an editor, where cells have line breaks', async () => {
    const text = 'Company,Limit,Mail\n"A\nB\nC",1,\nD,x,\n\n"E\nF",y,\nG,z,\n';
    const summary = await check(save('x.csv', text), save('m.json', numbers));
    expect(summary.problems).toMatchObject([{ rows: [5, 7, 9], sheetRows: [3, 5, 6] }]);
    expect(renderCheck(summary)).toContain('row 3 (line 5), 5 (line 7), 6 (line 9):');
  });

  it('name no second number where both are the same', async () => {
    const { problems } = await check(save('x.csv', 'Company,Limit,Mail\nA,x,\n'), save('m.json', numbers));
    expect(problems[0]).not.toHaveProperty('sheetRows');
  });

  it('name the column of the file beside the field', async () => {
    const { reasons } = await map(save('x.csv', 'Company,Limit,Mail\nA,1,none\n'), save('m.json', numbers));
    expect(reasons).toMatchObject([
      { code: 'EMAIL_INVALID', message: expect.stringMatching(/^Mail \(emailAddress\) "none" is/) },
    ]);
  });
});

describe('a mapping for another file', () => {
  const wanted = join(files, 'mappings.json');
  const refused = (file: string) => map(file, wanted).catch((error: Error & { nextStep: string }) => error);

  it.each([
    ['x09-numbers-summary.xlsx', 'Sheet 1 - Table 1'],
    ['x18-instructions.xlsx', 'Customers'],
  ])('is told once for %s, with the sheet that has the columns', async (name, sheet) => {
    const error = await refused(join(workbooks, name));
    expect(error).toMatchObject({ code: 'COLUMN_MISSING', nextStep: expect.stringContaining(sheet) });
    expect(error).toHaveProperty('message', expect.stringMatching(/None of the 5 columns of the mapping/));
    expect(String(error).split('\n  - ')).toHaveLength(2);
  });

  it('is told once for a text file, with the columns that it has', async () => {
    const error = String(await refused(join(files, 'comma-space-quote.csv')));
    expect(error).toMatch(/None of the 5 columns of the mapping .* is in this file; it looks like .*"A" and "B"/);
    expect(error.split('\n  - ')).toHaveLength(2);
  });

  it('is not said of a single column that may be a typing error', async () => {
    const error = String(
      await map(save('one.csv', 'Compny\nKoala\n'), save('one.json', { fields: { customerName: 'Company' } })).catch(
        String,
      ),
    );
    expect(error).toContain('did you mean "Compny"?');
  });
});
