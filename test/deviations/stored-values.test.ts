import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { readResults } from '#test/e2e/customer-files.js';
import { type Deviation, type Fields, reply, useDeviantServers } from './deviant-server.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-stored-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mapping = { version: 1, key: { column: 'No' }, fields: { customerName: 'Name', city: 'City' } };

/** A server that keeps no more than eight letters of a name. */
const cutNames: Deviation = {
  add: ({ body }, account) => reply(202, account.create(cut(body))),
  update: ({ code, body }, account) => reply(200, account.replace(code, cut(body))),
};

const cut = (customer: Fields): Fields => ({ ...customer, customerName: String(customer.customerName).slice(0, 8) });

async function openNights(deviation: Deviation) {
  const server = await start([]);
  server.deviate(deviation);
  const path = (name: string) => join(folder, name);
  writeFileSync(path('mappings.json'), JSON.stringify(mapping));
  const settings = resolveSettings(
    { baseUrl: server.baseUrl, stateDir: path('state'), mapping: path('mappings.json'), rate: 'unlimited' },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
  const night = async (rows: readonly string[], verify = false) => {
    writeFileSync(path('customers.csv'), ['No,Name,City', ...rows, ''].join('\n'));
    const before = server.calls.length;
    const { exitCode, verified } = await importFile(settings, { file: path('customers.csv'), verify });
    const results = readResults(readFileSync(path('customers.results.csv'), 'utf8'));
    return {
      ...{ exitCode, verified },
      statuses: results.map(({ _status }) => _status),
      errors: results.map(({ _errorCode }) => _errorCode),
      verbs: server.calls.slice(before).map(({ verb }) => verb),
    };
  };
  return { server, night };
}

describe('a value that the API stores as another', () => {
  it('is told, counted, and a reason to look once', async () => {
    const { night } = await openNights(cutNames);
    expect(await night(['1,Alexandria Smith,Darwin', '2,Bo,Darwin'])).toMatchObject({
      exitCode: 4,
      verified: { checked: 2, differing: 1 },
      statuses: ['created', 'created'],
      errors: ['SERVER_TRUNCATED', ''],
    });
    expect(await night(['1,Alexandria Smith,Darwin', '2,Bo,Darwin', '3,Bartholomew Lee,Darwin'])).toMatchObject({
      exitCode: 0,
      verified: { checked: 1, differing: 1 },
      statuses: ['unchanged', 'unchanged', 'created'],
    });
  });

  it('is a reason to look each time with --verify', async () => {
    const { night } = await openNights(cutNames);
    await night(['1,Alexandria Smith,Darwin']);
    expect((await night(['1,Alexandria Smith,Darwin', '2,Bartholomew Lee,Darwin'], true)).exitCode).toBe(4);
  });

  it('is not sent again, also when somebody has edited the customer', async () => {
    const { server, night } = await openNights(cutNames);
    await night(['1,Alexandria Smith,Darwin']);
    const [made = {}] = server.account.all();
    server.account.replace(String(made.customerCode), { ...made, notes: 'from the shop' });
    const again = await night(['1,Alexandria Smith,Darwin']);
    expect([again.statuses, again.verbs.includes('update')]).toEqual([['unchanged'], false]);
    // Another value of the file is.
    expect((await night(['1,Alexa Jones-Smith,Darwin'])).statuses).toEqual(['updated']);
  });

  it('is no difference in its normal form', async () => {
    const { night } = await openNights({
      add: ({ body }, account) =>
        reply(202, account.create({ ...body, customerName: String(body.customerName).toUpperCase() })),
    });
    expect(await night(['1,Ann Lee,Darwin'])).toMatchObject({ exitCode: 0, verified: { checked: 1, differing: 0 } });
  });
});

describe('an update whose answer shows no customer', () => {
  it('is read back until the same words were found true', async () => {
    const { night } = await openNights({
      update: ({ count }, _, regular) => {
        regular();
        return reply(200, { message: `Saved as number ${count}.` });
      },
    });
    const rows = (city: string) => Array.from({ length: 30 }, (_, index) => `${index + 1},Ann ${index},${city}`);
    await night(rows('Darwin'));
    const { verbs, statuses } = await night(rows('Parap'));
    expect(new Set(statuses)).toEqual(new Set(['updated']));
    const reads = verbs.filter((verb) => verb === 'detail').length;
    // One for each customer before its update, and one for each of the requests that were in flight together.
    expect([reads >= 31, reads <= 34]).toEqual([true, true]);
  });
});
