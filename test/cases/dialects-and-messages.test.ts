import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mapRows } from '#pipelines/import/map.js';
import type { Issue } from '#pipelines/issue.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { checkFile } from '#src/app/check/check-file.js';
import { openInput } from '#src/app/input.js';
import { compileFor, readMappingFile } from '#src/app/mapping-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';

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
