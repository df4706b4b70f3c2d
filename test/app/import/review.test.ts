import Excel from 'exceljs';
import { describe, expect, it } from 'vitest';
import { checkFile } from '#src/app/check/check-file.js';
import { exportCrosswalk, importCrosswalk } from '#src/app/crosswalk/crosswalk.js';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import type { RunObserver } from '#src/app/run-summary.js';
import { CustomersError } from '#src/errors.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { matched, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, readResults } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const { ignore: _, ...withoutIgnore } = matched;
/** Rows with a key, whose customers are found by their e-mail address the first time. */
const keyed = { ...withoutIgnore, key: { column: 'No' } };

/** Two customers with the same e-mail address, and a file with a row that may mean either. */
async function openAmbiguous(mapping: object = keyed): Promise<Sandbox> {
  const api = await place.openApi();
  const colleague = await openClient(api);
  for (const customerName of ['Ann', 'Anne']) await colleague.add({ customerName, emailAddress: 'ann@example.com' });
  place.mapping(mapping);
  place.write('customers.csv', customerFile(['1,Ann Lee,0800,ann@example.com,5', '2,Bob,0801,bob@example.com,6']));
  return api;
}

/** The sheet of a review file: its cells by column, and what may be typed into them. */
async function readReview(name = 'customers.review.xlsx') {
  const book = new Excel.Workbook();
  await book.xlsx.readFile(place.path(name));
  const sheet = book.worksheets[0]!;
  const header = (sheet.getRow(1).values as string[]).slice(1);
  const lines = Array.from({ length: sheet.rowCount - 1 }, (_, row) =>
    Object.fromEntries(header.map((column, place) => [column, sheet.getRow(row + 2).getCell(place + 1).text ?? ''])),
  );
  return { book, sheet, header, lines };
}

/** Writes a decision on a line of the workbook, as a person does it. */
async function decide(decisions: readonly (string | undefined)[], name = 'customers.review.xlsx'): Promise<void> {
  const { book, sheet, header } = await readReview(name);
  for (const [line, decision] of decisions.entries())
    if (decision !== undefined) sheet.getRow(line + 2).getCell(header.indexOf('decision') + 1).value = decision;
  await book.xlsx.writeFile(place.path(name));
}

async function importReview(name = 'customers.review.xlsx', observer: RunObserver = {}) {
  const results = place.path('review.results.csv');
  const file = place.path(name);
  const { done: summary, calls } = await place.measureCalls(() =>
    importFile(place.settings(), { file, results }, observer),
  );
  return { summary, calls, rows: readResults(place.read('review.results.csv')) };
}

async function failure(work: Promise<unknown>): Promise<CustomersError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CustomersError) return error;
  throw error ?? new Error('It did not fail.');
}

describe('a row that may mean several customers', () => {
  it('waits in the review file, a line for each, beside the customer; it is no reject and no failure', async () => {
    await openAmbiguous();
    const { summary, statuses } = await place.import({ failureLimit: { kind: 'count', most: 0 } });
    expect(statuses).toEqual(['invalid', 'created']);
    expect(summary).toMatchObject({ exitCode: 4, status: 'completed', waiting: 1, newlyWaiting: 1 });
    expect(summary.files).toMatchObject({ rejects: null, review: place.path('customers.review.xlsx') });
    const { header, lines, sheet } = await readReview();
    expect(header.slice(0, 7)).toEqual([
      '_row',
      '_run',
      '_reason',
      'decision',
      'candidate',
      'customerName',
      'account.customerName',
    ]);
    expect(lines).toMatchObject([
      {
        _row: '2',
        _run: summary.run,
        decision: '',
        candidate: '0000001',
        customerName: 'Ann Lee',
        'account.customerName': 'Ann',
      },
      { _row: '2', candidate: '0000002', emailAddress: 'ann@example.com', 'account.customerName': 'Anne' },
    ]);
    expect(lines[0]?._reason).toBe('MATCH_AMBIGUOUS: same emailAddress');
    expect(sheet.getCell('D2').dataValidation).toMatchObject({ type: 'list', formulae: ['"same,new,skip"'] });
  });

  it.each([
    ['same', { update: 1, add: 0 }],
    ['new', { update: 0, add: 1 }],
    ['skip', { update: 0, add: 0 }],
  ])('is planned as it was decided, %s, and nothing is kept of that', async (decision, counts) => {
    const api = await openAmbiguous();
    await place.import();
    await decide([undefined, decision]);
    const before = api.customers();
    const planned = await planFile(place.settings(), { file: place.path('customers.review.xlsx') });
    expect(planned).toMatchObject({ exitCode: 0, counts });
    expect(api.customers()).toEqual(before);
    expect((await place.import()).statuses).toEqual(['invalid', 'unchanged']);
  });

  it('is the customer that was decided: updated, with its key linked, and never asked about again', async () => {
    const api = await openAmbiguous();
    await place.import();
    await decide([undefined, 'same']);
    const { summary, calls, rows } = await importReview();
    expect(rows.map(({ _status, _errorCode }) => [_status, _errorCode])).toEqual([
      ['skipped', 'DECIDED_IN_ROW'],
      ['updated', ''],
    ]);
    expect(summary).toMatchObject({ exitCode: 0, waiting: 0, files: { review: null, rejects: null } });
    expect(calls).toMatchObject({ post: 0, put: 1 });
    expect(api.customers()[1]).toMatchObject({ customerName: 'Ann Lee', postalCode: '0800', creditLimit: 5 });
    const again = await place.import();
    expect([again.summary.exitCode, again.statuses]).toEqual([0, ['unchanged', 'unchanged']]);
    expect(api.customers()).toHaveLength(3);
  });

  it('is added when it is new, and only once, however often the review file is imported', async () => {
    const api = await openAmbiguous();
    await place.import();
    await decide(['new']);
    expect((await importReview()).summary).toMatchObject({ exitCode: 0, counts: { created: 1, skipped: 1 } });
    expect((await importReview()).rows.map(({ _errorCode }) => _errorCode)).toEqual([
      'ALREADY_DECIDED',
      'DECIDED_IN_ROW',
    ]);
    expect((await place.import()).statuses).toEqual(['unchanged', 'unchanged']);
    expect(api.customers()).toHaveLength(4);
  });

  it('is left out when that was decided, night after night, until its name, e-mail address or phone changes', async () => {
    const api = await openAmbiguous();
    await place.import();
    await decide([undefined, 'skip']);
    expect((await importReview()).summary).toMatchObject({ exitCode: 0, counts: { skipped: 2 } });
    const next = await place.import();
    expect([next.summary.exitCode, next.rows[0]?._errorCode]).toEqual([0, 'DECIDED_SKIP']);
    place.write('customers.csv', customerFile(['1,Ann Lee-Smith,0800,ann@example.com,5']));
    expect((await place.import()).summary).toMatchObject({ exitCode: 4, waiting: 1, newlyWaiting: 1 });
    expect(api.customers()).toHaveLength(3);
  });

  it('is known by its content when it has no key', async () => {
    const api = await openAmbiguous(matched);
    await place.import();
    await decide(['same']);
    expect((await importReview()).summary).toMatchObject({ exitCode: 0, counts: { updated: 1 } });
    place.write('customers.csv', customerFile(['1,ANN  LEE,0800,Ann@Example.com,5']));
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(api.customers()[0]).toMatchObject({ customerName: 'ANN  LEE' });
  });

  it('goes on waiting while nothing is decided, and is told as new only once', async () => {
    await openAmbiguous();
    await place.import();
    const { summary } = await importReview();
    expect(summary).toMatchObject({ exitCode: 4, waiting: 1, counts: { skipped: 2 } });
    expect(summary.files.review).toBe(place.path('customers.review.xlsx'));
    const next = await place.import();
    expect(next.summary.waiting).toBe(1);
    expect(next.summary).not.toHaveProperty('newlyWaiting');
  });

  it('can be decided in a CSV file that a spreadsheet program has written, codes without zeros', async () => {
    const api = await openAmbiguous();
    await place.import({ review: place.path('decide.csv') });
    const [header = '', ...lines] = place.read('decide.csv').split('\n');
    expect(header.startsWith('\ufeff_row,_run,_reason,decision,candidate,customerName')).toBe(true);
    const edited = lines.map((line) => line.replace(',,0000002,', ', Same ,2,').replaceAll(',', ';'));
    place.write('decide.csv', [header.replaceAll(',', ';'), ...edited].join('\r\n'));
    expect((await importReview('decide.csv')).summary).toMatchObject({ exitCode: 0, counts: { updated: 1 } });
    expect(api.customers()[1]).toMatchObject({ customerName: 'Ann Lee' });
  });
});

describe('a review file that makes no sense decides nothing', () => {
  it.each([
    [['perhaps'], 'REVIEW_DECISION_UNKNOWN', /row 2: "perhaps" is no decision/],
    [
      ['same', 'same'],
      'REVIEW_CONTRADICTORY',
      /the key "1" has several decisions, in rows 2, 3: same \(0000001\), same \(0000002\)/,
    ],
    [['same', 'new'], 'REVIEW_CONTRADICTORY', /several decisions/],
  ])('decisions %j: %s', async (decisions, code, message) => {
    const api = await openAmbiguous();
    await place.import();
    await decide(decisions);
    const error = await failure(importReview());
    expect([error.code, error.exitCode, error.message]).toEqual([code, 3, expect.stringMatching(message)]);
    expect(api.customers().map(({ customerName }) => customerName)).toEqual(['Ann', 'Anne', 'Bob']);
    expect((await place.import()).summary.waiting).toBe(1);
  });

  it('names a customer that was no candidate', async () => {
    await openAmbiguous();
    await place.import();
    const { book, sheet } = await readReview();
    sheet.getCell('D2').value = 'same';
    sheet.getCell('E2').value = '0000003';
    await book.xlsx.writeFile(place.path('customers.review.xlsx'));
    const error = await failure(importReview());
    expect([error.code, error.message]).toEqual([
      'REVIEW_CANDIDATE_UNKNOWN',
      expect.stringContaining('"0000003" is no candidate of the row with the key "1"; these are: 0000001, 0000002'),
    ]);
  });

  it('is of another state folder', async () => {
    await openAmbiguous();
    await place.import();
    await decide(['same']);
    const settings = place.settings();
    const elsewhere = { ...settings, stateDir: { ...settings.stateDir, value: place.path('other') } };
    const error = await failure(importFile(elsewhere, { file: place.path('customers.review.xlsx') }));
    expect([error.code, error.exitCode]).toEqual(['REVIEW_ROW_UNKNOWN', 3]);
  });

  it('is refused by a check, which decides nothing', async () => {
    await openAmbiguous();
    await place.import();
    const error = await failure(checkFile(place.settings(), { file: place.path('customers.review.xlsx') }));
    expect([error.code, error.exitCode]).toEqual(['REVIEW_NEEDS_IMPORT', 2]);
  });

  it('is about a customer that has changed since', async () => {
    const api = await openAmbiguous();
    await place.import();
    await decide(['same']);
    const colleague = await openClient(api);
    await colleague.update('0000001', { ...(await colleague.get('0000001')).json, customerName: 'Zoe' });
    const error = await failure(importReview());
    expect([error.code, error.exitCode, error.message]).toEqual([
      'REVIEW_OUTDATED',
      8,
      expect.stringContaining('row 2: name, e-mail address or phone of customer 0000001 have changed'),
    ]);
    expect(api.customers()[0]).toMatchObject({ customerName: 'Zoe' });
  });

  it('says of two rows that they are the same customer', async () => {
    await openAmbiguous();
    place.write('customers.csv', customerFile(['1,Ann,0800,ann@example.com,5', '2,Anne,0801,ann@example.com,6']));
    await place.import();
    await decide(['same', undefined, 'same']);
    const error = await failure(importReview());
    expect([error.code, error.message]).toEqual([
      'REVIEW_CONTRADICTORY',
      expect.stringContaining('Rows 2 and 4 both say that theirs is customer 0000001'),
    ]);
  });
});

describe('a field that file and account have both changed', () => {
  const asking = { ...keyed, match: undefined, write: 'whenChanged', conflict: 'ask' };

  async function openConflict(): Promise<Sandbox> {
    const api = await place.openApi();
    place.mapping(asking);
    place.write('customers.csv', customerFile(['1,Ann,0800,ann@example.com,5']));
    await place.import();
    const colleague = await openClient(api);
    await colleague.update('0000001', { ...(await colleague.get('0000001')).json, creditLimit: 9 });
    place.write('customers.csv', customerFile(['1,Ann,0899,ann@example.com,7']));
    expect((await place.import()).summary).toMatchObject({ exitCode: 4, waiting: 1 });
    return api;
  }

  it.each([
    ['same', 7],
    ['skip', 9],
  ])('is written as decided, with the rest of the row: %s', async (decision, creditLimit) => {
    const api = await openConflict();
    await decide([decision]);
    expect((await importReview()).summary).toMatchObject({ exitCode: 0, counts: { updated: 1 } });
    expect(api.customers()).toMatchObject([{ creditLimit, postalCode: '0899' }]);
    expect((await place.import()).summary).toMatchObject({ exitCode: 0, waiting: 0 });
    expect(api.customers()).toMatchObject([{ creditLimit, postalCode: '0899' }]);
  });

  it('makes no new customer', async () => {
    await openConflict();
    await decide(['new']);
    expect((await failure(importReview())).code).toBe('REVIEW_CONTRADICTORY');
  });
});

describe('decisions', () => {
  /** The same account as another machine sees it. */
  const elsewhere = () => ({ ...place.settings(), stateDir: { value: place.path('other'), origin: 'test' } });
  const importElsewhere = () => importFile(elsewhere(), { file: place.path('customers.csv') });

  it.each([
    ['a key', keyed],
    ['no key', matched],
  ])('about rows with %s move to another machine with the crosswalk', async (_name, mapping) => {
    await openAmbiguous(mapping);
    await place.import();
    await decide(['skip']);
    await importReview();
    expect(await importElsewhere()).toMatchObject({ waiting: 1 });
    await exportCrosswalk(place.settings(), place.path('crosswalk.xlsx'));
    await importCrosswalk(elsewhere(), place.path('crosswalk.xlsx'), false);
    expect(await importElsewhere()).toMatchObject({ exitCode: 0, waiting: 0, counts: { skipped: 1, unchanged: 1 } });
  });

  it('that nobody exported are refused, and nothing of their file is taken', async () => {
    await openAmbiguous();
    const text = 'key,customerCode,decision,rowBasis,decidedAt\n9,0000001,,,\n1,0000001,same,x,2026-11-30\n';
    const error = await failure(importCrosswalk(place.settings(), place.write('crosswalk.csv', text), false));
    expect([error.code, error.message]).toEqual(['CROSSWALK_ROW', expect.stringContaining('row 3 has a decision')]);
    expect(await exportCrosswalk(place.settings(), place.path('none.csv'))).toBe(0);
  });
});

describe('a review file that somebody has begun to fill in', () => {
  it('is not replaced by the next night: the new one gets a number, and that is said', async () => {
    await openAmbiguous();
    await place.import();
    await decide([undefined, 'skip']);
    const notices: string[] = [];
    const file = place.path('customers.csv');
    const observer = { notice: ({ code }: { code: string }) => notices.push(code) };
    const summary = await importFile(place.settings(), { file }, observer);
    expect(summary.files.review).toBe(place.path('customers.review-2.xlsx'));
    expect(notices).toContain('EDITED_FILE_KEPT');
    expect((await readReview()).lines[1]?.decision).toBe('skip');
    expect((await importFile(place.settings(), { file })).files.review).toBe(place.path('customers.review-2.xlsx'));
  });
});

describe('rows that look like customers whom others made', () => {
  it('are added as decided, however many they are, and compared with nobody else a second time', async () => {
    const api = await place.openApi();
    const colleague = await openClient(api);
    const names = Array.from({ length: 12 }, (_, n) => `Customer ${'ABCDEFGHIJKL'[n]}`);
    place.mapping({ ...keyed, match: undefined });
    place.write('customers.csv', customerFile(['0,Zoe,0800,zoe@example.com,5']));
    await place.import();
    for (const [n, customerName] of names.entries())
      await colleague.add({ customerName, emailAddress: `c${n}@example.com` });
    const rows = names.map((name, n) => `${n + 1},${name} Two,08${n + 10},c${n}@example.com,5`);
    place.write('customers.csv', customerFile(rows));
    const refused = await failure(importFile(place.settings(), { file: place.path('customers.csv') }));
    expect(refused.code).toBe('ACCOUNT_UNKNOWN');
    const whole = Array.from({ length: 100 }, (_, n) => `N${n},New ${n * 37},0900,new${n}@example.com,5`);
    place.write('customers.csv', customerFile([...rows.slice(0, 5), ...whole]));
    const { summary } = await place.import();
    expect(summary).toMatchObject({ waiting: 5, counts: { created: 100 } });
    await decide(['new', 'new', 'new', 'new', 'same']);
    expect((await importReview()).summary).toMatchObject({ exitCode: 0, counts: { created: 4, updated: 1 } });
    expect((await place.import()).summary).toMatchObject({ exitCode: 0, waiting: 0, counts: { unchanged: 105 } });
  });
});
