import Excel from 'exceljs';
import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import type { RunSummary } from '#src/app/run-summary.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { stamped, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, editElsewhere, findByName, readResults } from '#test/e2e/customer-files.js';
import { copyWhileRunning } from './copy-while-running.js';

const place = useTestTenant();
const count = 12;

const { stamp: _, ...key } = stamped.key;
const keyed = { ...stamped, key };

const copied = () => ({ from: place.path('state'), to: place.path('copy') });

/** Resumes with the ledger of this state folder. */
async function resume(state: string): Promise<RunSummary & { readonly rows: readonly Record<string, string>[] }> {
  place.useState(state);
  const summary = await resumeRun(place.settings(), {});
  if (summary === undefined) throw new Error('There was nothing to resume.');
  return { ...summary, rows: readResults(place.read(`${summary.files.results?.split('/').at(-1)}`)) };
}

/** Writes the decision on the first line of the review file, as a person does. */
async function decideInReview(path: string, decision: string): Promise<void> {
  const book = new Excel.Workbook();
  await book.xlsx.readFile(path);
  const sheet = book.worksheets[0]!;
  const header = (sheet.getRow(1).values as string[]).slice(1);
  sheet.getRow(2).getCell(header.indexOf('decision') + 1).value = decision;
  await book.xlsx.writeFile(path);
}

/** Imports changes of all customers; `copy` is the state folder after the first few. */
async function update(api?: Sandbox): Promise<Sandbox> {
  const opened = api ?? (await place.openApi());
  place.mapping(keyed);
  place.write('customers.csv', customerFile(customerLines(count)));
  await place.import();
  place.write('customers.csv', customerFile(customerLines(count).map((line) => `${line}9`)));
  const { summary } = await copyWhileRunning(copied(), 'after-answer', 4, () => place.import());
  expect(summary.counts.updated).toBe(count);
  return opened;
}

describe('a resumed run whose ledger is older than the account', () => {
  it('does not overwrite what somebody has changed in the fields that it writes', async () => {
    const api = await update();
    await editElsewhere(api, 'Customer 0010', { creditLimit: 5 });
    const { exitCode, waiting, counts, rows } = await resume('copy');
    expect({ exitCode, waiting, counts }).toMatchObject({
      exitCode: 4,
      waiting: 1,
      counts: { invalid: 1, unchanged: 7 },
    });
    expect(rows[9]).toMatchObject({ _status: 'invalid', _errorCode: 'CHANGED_SINCE_RUN', _errorFields: 'Limit' });
    expect(findByName(api, 'Customer 0010').creditLimit).toBe(5);
  });

  it('writes a customer that was edited in other fields: a sale does that', async () => {
    const api = await update();
    // As it was before the run, but for the city.
    await editElsewhere(api, 'Customer 0010', { creditLimit: 109, city: 'Sydney' });
    const { exitCode, counts } = await resume('copy');
    expect({ exitCode, counts }).toMatchObject({ exitCode: 0, counts: { updated: 4 + 1, unchanged: 7 } });
    expect(findByName(api, 'Customer 0010')).toMatchObject({ creditLimit: 1099, city: 'Sydney' });
  });

  it('still knows of the change when it was interrupted once more, and when another import has met the customer', async () => {
    const api = await update();
    await editElsewhere(api, 'Customer 0010', { creditLimit: 5 });
    await editElsewhere(api, 'Customer 0011', { creditLimit: 6 });
    place.useState('copy');
    const stop = new AbortController();
    stop.abort('SIGINT');
    await resumeRun(place.settings(), { signal: stop.signal }).catch(() => undefined);
    place.write('others.csv', customerFile([(customerLines(11)[10] ?? '').replace('c0011@', 'changed@')]));
    await importFile(place.settings(), { file: place.path('others.csv') });
    const { rows } = await resume('copy');
    expect(rows.slice(9, 11).map(({ _errorCode }) => _errorCode)).toEqual(['CHANGED_SINCE_RUN', 'CHANGED_SINCE_RUN']);
    expect(findByName(api, 'Customer 0010').creditLimit).toBe(5);
    expect(findByName(api, 'Customer 0011').emailAddress).toBe('changed@example.com');
  });

  it.each([
    ['same', 1099, 'updated'],
    ['skip', 5, 'skipped'],
  ])('does as it was decided in the review file: %s', async (decision, limit, status) => {
    const api = await update();
    await editElsewhere(api, 'Customer 0010', { creditLimit: 5 });
    place.useState('copy');
    const { review = null } = (await resume('copy')).files;
    await decideInReview(review ?? '', decision);
    await importFile(place.settings(), { file: review ?? '', results: place.path('decided.csv') });
    expect(readResults(place.read('decided.csv'))).toMatchObject([{ _status: status }]);
    expect(findByName(api, 'Customer 0010').creditLimit).toBe(limit);
  });

  const { key: _key, ...keyless } = keyed;
  const add = { mode: 'add' } as const;
  it.each<[string, object]>([
    ['with a key', { ...keyed, ...add }],
    ['with a key, where customers may be there already', keyed],
    ['with a key that is stamped', stamped],
    ['without a key', { ...keyless, ...add, ignore: ['No'] }],
    ['found by their e-mail address', { ...keyless, match: ['emailAddress'], ignore: ['No'] }],
  ])('links customers that it has added, and adds none again: rows %s', async (_name, mapping) => {
    const api = await place.openApi();
    place.mapping(mapping);
    place.write('customers.csv', customerFile(customerLines(count)));
    await copyWhileRunning(copied(), 'after-answer', 4, () => place.import());
    const { exitCode, waiting, rows } = await resume('copy');
    expect({ exitCode, waiting }).toEqual({ exitCode: 0, waiting: 0 });
    expect(api.customers().length).toBe(count);
    const codes = new Map(api.customers().map(({ customerName, customerCode }) => [customerName, customerCode]));
    expect(rows.map(({ _customerCode }) => _customerCode)).toEqual(rows.map(({ Name }) => codes.get(Name ?? '')));
    const { calls } = await place.import();
    expect(calls.post).toBe(0);
  });

  it('asks about customers that have only the name of a row, or were changed since', async () => {
    const api = await place.openApi();
    place.mapping({
      ...keyed,
      ...add,
      fields: { customerName: 'Name', creditLimit: { column: 'Limit', type: 'number' } },
    });
    const lines = customerLines(count).map((line, row) => (row === 9 ? line.replace(/\d+$/, '') : line));
    place.write('customers.csv', customerFile(lines));
    await copyWhileRunning(copied(), 'after-answer', 4, () => place.import());
    await editElsewhere(api, 'Customer 0011', { creditLimit: 5 });
    const { exitCode, waiting, rows } = await resume('copy');
    expect({ exitCode, waiting }).toEqual({ exitCode: 4, waiting: 2 });
    expect(rows.slice(9, 11).map(({ _errorCode }) => _errorCode)).toEqual(['POSSIBLE_DUPLICATE', 'POSSIBLE_DUPLICATE']);
    expect(api.customers().length).toBe(count);
  });

  it('adds none again of which somebody has said that none is there, also where its copy is from before the first', async () => {
    const api = await place.openApi();
    place.mapping({ ...keyed, ...add });
    place.write('customers.csv', customerFile(customerLines(count)));
    await copyWhileRunning(copied(), 'before-intent', 1, () => place.import({ allNew: true }));
    const { exitCode } = await resume('copy');
    expect({ exitCode, customers: api.customers().length }).toEqual({ exitCode: 0, customers: count });
  });
});
