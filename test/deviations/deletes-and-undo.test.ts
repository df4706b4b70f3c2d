import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteCustomers } from '#src/app/delete/delete-customers.js';
import { importFile } from '#src/app/import/import-file.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { readResults } from '#test/e2e/customer-files.js';
import { type DeviantServer, type Deviation, type Fields, reply, useDeviantServers } from './deviant-server.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-deletes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const present: readonly Fields[] = Array.from({ length: 4 }, (_, at) => ({
  ...{ customerName: `Zoë Present ${at}`, emailAddress: `present${at}@shop.example`, city: 'Darwin', active: true },
}));

function configure({ baseUrl }: DeviantServer) {
  return resolveSettings(
    { baseUrl, stateDir: path('state'), mapping: path('mappings.json'), rate: 'unlimited', concurrency: '1' },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
}

type DeleteAnswers = NonNullable<Deviation['delete']>;

const makeInactive: DeleteAnswers = ({ code }, account) => {
  account.replace(code, { ...account.find(code), active: false });
  return reply(204);
};

/** What the API does with a delete, and which status and exit code the row and the run end with. */
const deletes: readonly (readonly [string, DeleteAnswers, string, number])[] = [
  ['deletes and answers 204', (_, __, regular) => regular(), 'deleted', 0],
  [
    'deletes and answers 200 with a message',
    (_, __, regular) => ({ ...regular(), ...reply(200, { ok: 1 }) }),
    'deleted',
    0,
  ],
  ['deletes and answers 202', (_, __, regular) => ({ ...regular(), status: 202 }), 'deleted', 0],
  ['answers 204 and does nothing', () => reply(204), 'failed', 4],
  ['answers 200 with a message and does nothing', () => reply(200, { message: 'Customer is locked.' }), 'failed', 4],
  ['makes inactive and answers 204', makeInactive, 'deactivated', 0],
  [
    'makes inactive and answers 409 without a body',
    (call, account, regular) => ({ ...makeInactive(call, account, regular), status: 409 }),
    'deactivated',
    0,
  ],
  ['answers 409 without a body and does nothing', () => reply(409), 'rejected', 4],
  ['answers 404 and does nothing', () => reply(404), 'rejected', 4],
];

describe('a delete', () => {
  it.each(deletes)('that %s', async (_, answer, status, exitCode) => {
    const server = await start(present);
    server.deviate({ delete: answer });
    writeFileSync(path('gone.csv'), 'customerCode\n0000001\n0000003\n');
    const summary = await deleteCustomers(configure(server), { file: path('gone.csv') });
    const rows = readResults(readFileSync(path('gone.results.csv'), 'utf8'));
    expect([summary.exitCode, rows.map(({ _status }) => _status)]).toEqual([exitCode, [status, status]]);
    const left = server.account.all().map(({ customerCode, active }) => `${customerCode} ${active}`);
    const expected = { deleted: [], deactivated: ['0000001 false', '0000003 false'] }[status] ?? [
      '0000001 true',
      '0000003 true',
    ];
    expect(left.toSorted()).toEqual(['0000002 true', '0000004 true', ...expected].toSorted());
  });

  it('costs one call more in a run, where the API does as documented', async () => {
    const server = await start(present);
    await deleteCustomers(configure(server), { codes: ['0000001', '0000002', '0000003', '0000004'] });
    expect(server.calls.map(({ verb }) => verb)).toEqual(['delete', 'detail', 'delete', 'delete', 'delete']);
  });
});

describe('an undo', () => {
  const agree = () => Promise.resolve(true);
  const fields = { customerName: 'Name', emailAddress: 'Email', city: 'City' };

  async function importRows(server: DeviantServer, mapping: object, lines: readonly string[]) {
    writeFileSync(path('mappings.json'), JSON.stringify({ version: 1, fields, ...mapping }));
    writeFileSync(path('customers.csv'), `${lines.join('\n')}\n`);
    const { run, exitCode } = await importFile(configure(server), { file: path('customers.csv') });
    expect(exitCode).toBe(0);
    return run ?? '';
  }

  const addOne = (server: DeviantServer) =>
    importRows(server, { mode: 'add', key: { column: 'No' } }, [
      'No,Name,Email,City',
      'N1,Ann New,ann@shop.example,Parap',
    ]);
  const updateOne = (server: DeviantServer) =>
    importRows(server, { mode: 'update', fields: { city: 'City', customerCode: 'Code' } }, [
      'Code,City',
      '0000001,Alice',
    ]);

  async function undo(server: DeviantServer, run: string) {
    const summary = await undoRun(configure(server), { run, results: path('undo.csv'), confirm: agree });
    if (!('counts' in summary)) throw new Error('It was not confirmed.');
    return { exitCode: summary.exitCode, rows: readResults(readFileSync(path('undo.csv'), 'utf8')) };
  }

  it('of an add leaves a customer who has another id under the same code', async () => {
    const server = await start(present);
    const run = await addOne(server);
    const now = String(server.account.find('0000005')?.creationDateUTC);
    const other = { customerName: 'Bob', customerId: '0a1b2c3d-0000-4000-8000-00000000beef', customerCode: '0000005' };
    server.account.customers.set('0000005', { ...other, creationDateUTC: now, lastEditDateUTC: now });
    const { exitCode, rows } = await undo(server, run);
    expect([exitCode, rows[0]?._errorCode]).toEqual([0, 'ALREADY_GONE']);
    expect(server.account.find('0000005')?.customerName).toBe('Bob');
  });

  it('of an add leaves a customer of whom the API does not say when it was edited', async () => {
    const server = await start(present);
    const run = await addOne(server);
    const { creationDateUTC: _, lastEditDateUTC: __, ...undated } = server.account.find('0000005') ?? {};
    server.account.customers.set('0000005', { ...undated, city: 'Nightcliff' });
    const { exitCode, rows } = await undo(server, run);
    expect([exitCode, rows[0]?._errorCode]).toEqual([4, 'CHANGED_SINCE']);
    expect(server.account.find('0000005')?.city).toBe('Nightcliff');
  });

  it('of an add says so when the customer is not deleted', async () => {
    const server = await start(present);
    const run = await addOne(server);
    server.deviate({ delete: () => reply(204) });
    const { exitCode, rows } = await undo(server, run);
    expect([exitCode, rows[0]?._status]).toEqual([4, 'failed']);
  });

  it('of an update leaves a customer whose values are not those that the run wrote', async () => {
    const server = await start(present);
    const run = await updateOne(server);
    const { lastEditDateUTC = '', ...customer } = server.account.find('0000001') ?? {};
    server.account.customers.set('0000001', { ...customer, city: 'Palmerston', lastEditDateUTC });
    const { exitCode, rows } = await undo(server, run);
    expect([exitCode, rows[0]?._errorCode]).toEqual([4, 'CHANGED_SINCE']);
    expect(server.account.find('0000001')?.city).toBe('Palmerston');
  });

  it.each([
    ['{}', () => reply(200, {})],
    ['the customer', ({ code }, account) => reply(200, account.find(code) ?? {})],
  ] as readonly (readonly [string, NonNullable<Deviation['update']>])[])(
    'of an update says so when nothing is put back, and the answer is %s',
    async (_, update) => {
      const server = await start(present);
      const run = await updateOne(server);
      server.deviate({ update });
      const { exitCode, rows } = await undo(server, run);
      expect([exitCode, rows[0]?._errorCode]).toEqual([4, 'SERVER_CHANGED']);
      expect(server.account.find('0000001')?.city).toBe('Alice');
    },
  );
});
