import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importCrosswalk } from '#src/app/crosswalk/crosswalk.js';
import { type ImportFileOptions, importFile } from '#src/app/import/import-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { readResults } from '#test/e2e/customer-files.js';
import { type DeviantServer, type Fields, reply, useDeviantServers } from './deviant-server.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-attacks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const write = (name: string, lines: readonly string[]) => writeFileSync(path(name), `${lines.join('\n')}\n`);

/** People whom no file of these tests is about. */
const others: readonly Fields[] = ['Ida Quist', 'Noor Bakker', 'Tomas Vrba', 'Lena Sorel', 'Hugo Stahl'].map(
  (customerName, at) => ({
    ...{ customerName, emailAddress: `${customerName.split(' ')[0]?.toLowerCase()}@there.example`, city: 'Hobart' },
    phoneNumber: `03 6200 111${at}`,
  }),
);

const fields = { customerName: 'Name', emailAddress: 'Email', phoneNumber: 'Phone', city: 'City' };
const keyed = { version: 1, mode: 'upsert', key: { column: 'No' }, fields, ignore: ['Code'] };
const byCode = { version: 1, mode: 'update', fields: { ...fields, customerCode: 'Code' }, ignore: ['No'] };
const header = 'No,Code,Name,Email,Phone,City';
const names = ['Ann Abernathy', 'Bruno Castellani', 'Chidi Okonkwo', 'Dagny Ibsen', 'Emre Yildiz'];
const rows = names.map(
  (name, at) =>
    `N${at},000000${at + 1},${name},${name.split(' ')[0]?.toLowerCase()}@home.example,08 8981 222${at},Parap`,
);

function configure({ baseUrl }: DeviantServer, mapping: object = keyed, stateDir = 'state') {
  write('mappings.json', [JSON.stringify(mapping)]);
  return resolveSettings(
    { baseUrl, stateDir: path(stateDir), mapping: path('mappings.json'), rate: 'unlimited', concurrency: '1' },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
}

async function importRows(server: DeviantServer, mapping: object, options: ImportFileOptions = {}, stateDir = 'state') {
  const summary = await importFile(configure(server, mapping, stateDir), { file: path('customers.csv'), ...options });
  const results = readResults(readFileSync(path('customers.results.csv'), 'utf8'));
  return { ...summary, results, ends: results.map(({ _status, _errorCode }) => `${_status} ${_errorCode}`.trim()) };
}

const withEmail = ({ account }: DeviantServer, email: string) =>
  account.all().filter(({ emailAddress }) => emailAddress === email);

/** Somebody fills in the review file. */
function decide(open: string, decided: string): void {
  const review = path('waiting.review.csv');
  writeFileSync(review, readFileSync(review, 'utf8').replace(open, decided));
}

describe('a file whose codes are of another account', () => {
  it('changes nobody who has another name, e-mail address and phone number', async () => {
    const server = await start(others);
    const before = server.account.all();
    write('customers.csv', [header, ...rows]);
    const { exitCode, ends, waiting } = await importRows(server, byCode);
    expect(server.account.all()).toEqual(before);
    expect([exitCode, waiting, new Set(ends)]).toEqual([4, 5, new Set(['invalid KEY_CONTRADICTED'])]);
  });

  it('changes nobody either when its rows have a key as well', async () => {
    const server = await start(others);
    const before = server.account.all();
    write('customers.csv', [header, ...rows]);
    const mapping = { ...byCode, mode: 'upsert', key: { column: 'No' }, ignore: [] };
    const { exitCode } = await importRows(server, mapping);
    expect([exitCode, server.account.all()]).toEqual([4, before]);
  });

  it.each([
    ['same', 'updated', 'Ann Abernathy'],
    ['new', 'invalid CUSTOMER_UNKNOWN', 'Ida Quist'],
    ['skip', 'skipped DECIDED_SKIP', 'Ida Quist'],
  ])('is decided about by a person: %s', async (decision, end, name) => {
    const server = await start(others);
    write('customers.csv', [header, ...rows.slice(0, 1)]);
    await importRows(server, byCode, { review: path('waiting.review.csv') });
    decide(',,0000001,', `,${decision},0000001,`);
    await importFile(configure(server, byCode), { file: path('waiting.review.csv'), results: path('decided.csv') });
    const [row] = readResults(readFileSync(path('decided.csv'), 'utf8'));
    expect([`${row?._status} ${row?._errorCode}`.trim(), server.account.find('0000001')?.customerName]).toEqual([
      end,
      name,
    ]);
    expect(server.account.customers.size).toBe(5);
  });

  it('is believed where one of them is the same', async () => {
    const server = await start(others);
    write('customers.csv', [header, 'N1,0000001,Ida Newname,ida@there.example,08 8981 2222,Parap']);
    const { ends } = await importRows(server, byCode);
    expect([ends, server.account.find('0000001')?.customerName]).toEqual([['updated'], 'Ida Newname']);
  });
});

describe('--all-new', () => {
  it('speaks of the customers of that moment only, also when there were none', async () => {
    const server = await start([]);
    server.deviate({ add: ({ count }, _, regular) => (count > 1 ? reply(403, { message: 'no' }) : regular()) });
    write('customers.csv', [header, ...rows]);
    const first = await importRows(server, keyed, { allNew: true });
    server.deviate({});
    // A colleague lost patience, and typed one in.
    server.account.create({ customerName: names[3] ?? '', emailAddress: 'dagny@home.example', city: 'Parap' });
    const settings = configure(server);
    await resumeRun(settings, { run: first.run ?? '' });
    expect(withEmail(server, 'dagny@home.example')).toHaveLength(1);
  });
});

describe('one state folder', () => {
  it('serves one account, however its address is written', async () => {
    const server = await start([]);
    write('customers.csv', [header, ...rows]);
    await importRows(server, { ...keyed, mode: 'add' });
    for (const baseUrl of [`${server.baseUrl}/`, server.baseUrl.replace('http://', 'HTTP://')]) {
      const { counts } = await importRows({ ...server, baseUrl }, { ...keyed, mode: 'add' });
      expect([counts.created, server.account.customers.size]).toEqual([0, 5]);
    }
  });
});

describe('a crosswalk that is not of this account', () => {
  it.each([true, false])('changes nobody who is somebody else (--replace %s)', async (replace) => {
    const server = await start(others);
    const before = server.account.all();
    write('who.csv', ['key,customerCode', ...names.map((_, at) => `N${at},000000${at + 1}`)]);
    await importCrosswalk(configure(server), path('who.csv'), replace);
    write('customers.csv', [header, ...rows]);
    const { exitCode } = await importRows(server, keyed);
    expect([exitCode, server.account.all()]).toEqual([4, before]);
  });

  it('whose codes nobody has adds nobody', async () => {
    const server = await start(others);
    write('who.csv', ['key,customerCode', ...names.map((_, at) => `N${at},009000${at + 1}`)]);
    await importCrosswalk(configure(server), path('who.csv'), false);
    write('customers.csv', [header, ...rows]);
    const { exitCode } = await importRows(server, keyed);
    expect([exitCode, server.account.customers.size]).toEqual([4, 5]);
  });

  it('with key and code in each other’s place adds nobody twice', async () => {
    const server = await start(others);
    write('customers.csv', [header, ...rows]);
    await importRows(server, keyed);
    write('who.csv', ['key,customerCode', ...names.map((_, at) => `000000${at + 6},N${at}`)]);
    await importCrosswalk(configure(server), path('who.csv'), false);
    const { counts } = await importRows(server, keyed);
    expect([counts.created, server.account.customers.size]).toEqual([0, 10]);
  });
});

describe('a decision', () => {
  it('that is imported twice adds once', async () => {
    const server = await start([...others, { customerName: 'Ann Abernathy', emailAddress: 'ann@home.example' }]);
    write('customers.csv', [header, ...rows]);
    const review = path('waiting.review.csv');
    await importRows(server, keyed, { review });
    decide(',,0000006,', ',new,0000006,');
    for (let time = 1; time <= 2; time += 1) {
      await importFile(configure(server), { file: review, force: time === 2 });
      expect(withEmail(server, 'ann@home.example')).toHaveLength(2);
    }
    await importRows(server, keyed, { force: true });
    expect(withEmail(server, 'ann@home.example')).toHaveLength(2);
  });
});

describe('an undo with an older state folder', () => {
  const undo = (server: DeviantServer, run: string) =>
    undoRun(configure(server), { run, confirm: () => Promise.resolve(true) });

  it('puts back nothing that a later run or a person has written since', async () => {
    const server = await start(others);
    const update = (city: string) =>
      write('customers.csv', [header, `N1,0000001,Ida Quist,ida@there.example,03 6200 1110,${city}`]);
    update('Parap');
    const first = await importRows(server, byCode);
    cpSync(path('state'), path('copy'), { recursive: true });
    update('Alice Springs');
    await importRows(server, byCode);
    rmSync(path('state'), { recursive: true });
    cpSync(path('copy'), path('state'), { recursive: true });
    await undo(server, first.run ?? '');
    expect(server.account.find('0000001')?.city).toBe('Alice Springs');
  });

  it('deletes nobody whom a later run has changed', async () => {
    const server = await start(others);
    write('customers.csv', [header, ...rows]);
    const first = await importRows(server, keyed);
    cpSync(path('state'), path('copy'), { recursive: true });
    write('customers.csv', [header, ...rows.map((row) => row.replace('Parap', 'Alice Springs'))]);
    await importRows(server, keyed);
    rmSync(path('state'), { recursive: true });
    cpSync(path('copy'), path('state'), { recursive: true });
    await undo(server, first.run ?? '');
    expect(server.account.customers.size).toBe(10);
  });

  it('of customers that are there under the same code again deletes nobody', async () => {
    const server = await start(others);
    write('customers.csv', [header, ...rows]);
    const first = await importRows(server, keyed);
    // The vendor has restored a backup, too: the codes are given again, to other people.
    for (const { customerCode } of server.account.all().slice(5)) server.account.customers.delete(String(customerCode));
    for (const [at, customer] of others.entries()) {
      const again = { ...customer, customerName: `Other ${at}`, emailAddress: `other${at}@there.example` };
      const customerCode = String(at + 6).padStart(7, '0');
      const now = new Date().toISOString().slice(0, -1);
      const dates = { creationDateUTC: now, lastEditDateUTC: now };
      server.account.customers.set(customerCode, { ...again, ...dates, customerCode, customerId: `another-${at}` });
    }
    await undo(server, first.run ?? '');
    expect(server.account.customers.size).toBe(10);
  });
});
