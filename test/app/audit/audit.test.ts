import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listAudit, verifyAudit } from '#src/app/audit/audit.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import type { Settings } from '#src/config/settings.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { findLedgers } from '#test/app/find-ledgers.js';
import { stamped, useTestTenant } from '#test/app/use-test-tenant.js';

const place = useTestTenant();

const header = 'No,Name,Post Code,Email,Limit';
const file = [header, 'C-1,Ann Lee,3000,ann@example.com,10', 'C-2,Bob Ray,3001,bob@example.com,20', ''].join('\n');

async function importTwo(settings: Partial<Settings> = {}) {
  await place.openApi();
  place.mapping(stamped);
  place.write('customers.csv', file);
  return place.import({}, settings);
}

function changeLedger(sql: string): void {
  for (const path of findLedgers(place.path('state'))) {
    const database = openDatabase(path);
    database.exec(sql);
    database.close();
  }
}

describe('the audit', () => {
  it('has who did what, when and with which counts, and no customers', async () => {
    const { summary } = await importTwo();
    const [started, ended, ...rest] = listAudit(place.settings());
    const { user, host, version } = started ?? {};
    expect([user, host, version].every((text) => typeof text === 'string' && text !== '')).toBe(true);
    expect(started).toMatchObject({ command: 'import', what: 'started', run: summary.run, mode: 'upsert' });
    expect(ended).toMatchObject({ what: 'ended', run: summary.run, exitCode: 0, counts: { created: 2 } });
    expect(rest).toEqual([]);
    expect(JSON.stringify([started, ended])).not.toMatch(/ann|lee|bob|C-1|customers\.csv/i);
  });

  it('has what people have said and agreed to: a plan, an undo, guards that were overridden', async () => {
    const { summary } = await importTwo();
    place.write('customers.csv', file.replace(',20', ',25'));
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    const plan = String(planned.plan);
    await place.import({ plan, overrideGuards: true });
    await undoRun(place.settings(), { run: summary.run ?? '', confirm: () => Promise.resolve(true) });
    const entries = listAudit(place.settings());
    expect(entries.filter(({ what }) => what === 'started')).toMatchObject([
      {},
      { command: 'import', plan, said: ['override-guards'] },
      { command: 'undo', said: [`undoes: ${summary.run}`] },
    ]);
  });

  it('is found to be changed when a line was changed, removed, put in or cut off', async () => {
    await importTwo();
    await place.import();
    const check = async () => (await verifyAudit(place.settings())).faults.map(({ line }) => line);
    expect(await check()).toEqual([]);
    changeLedger(`UPDATE audit SET line = replace(line, '"created":2', '"created":1') WHERE number = 2`);
    expect(await check()).toEqual([2]);
    changeLedger(`UPDATE audit SET line = replace(line, '"created":1', '"created":2') WHERE number = 2`);
    expect(await check()).toEqual([]);
    changeLedger('DELETE FROM audit WHERE number = 4');
    expect(await check()).toEqual([4]);
    changeLedger('DELETE FROM audit WHERE number = 2');
    expect(await check()).toEqual([2, 3]);
  });

  it('goes on in a file that a profile names, in which changes are found too', async () => {
    const audit = place.path('audit.ndjson');
    const auditFile = { value: audit, origin: 'test' };
    await importTwo({ auditFile });
    await place.import({}, { auditFile });
    const text = readFileSync(audit, 'utf8');
    expect(text.trim().split('\n')).toHaveLength(4);
    const check = async () => (await verifyAudit(place.settings(), audit)).faults.map(({ line }) => line);
    expect(await check()).toEqual([]);
    const [first = '', ...rest] = text.split('\n');
    writeFileSync(audit, [first.replace('"import"', '"delete"'), ...rest].join('\n'));
    expect(await check()).toContain(1);
    writeFileSync(audit, rest.join('\n'));
    expect(await check()).toEqual([]);
    appendFileSync(audit, 'not a line\n');
    expect(await check()).toEqual([4]);
  });

  it('must be written before anything is sent', async () => {
    const auditFile = { value: place.path('no/such/folder/audit.ndjson'), origin: 'test' };
    await expect(importTwo({ auditFile })).rejects.toMatchObject({ code: 'CANNOT_WRITE' });
    expect(existsSync(place.path('customers.results.csv'))).toBe(false);
  });
});
