import { expect, it } from 'vitest';
import { deactivateLeavers } from '#pipelines/import/leavers.js';
import { RunControl } from '#pipelines/run-control.js';
import { useClients } from '#test/api/open-clients.js';
import { json, useScriptedServers } from '#test/api/scripted-server.js';

const { newLedger, newClient } = useClients();
const openServer = useScriptedServers();

const leavers = ['1', '2', '3'].map((code) => ({ key: `K-${code}`, customerCode: code, name: `Customer ${code}` }));
const customer = (code: string, active: boolean) => ({ customerCode: code, customerName: `Customer ${code}`, active });

/** @param isStored - whether the server does what it is asked for */
async function deactivate(answer: (code: string) => object, isStored = false) {
  const server = await openServer();
  const stored = new Set<string>();
  server.answer(({ method, path }) => {
    const code = path.split('/').at(-1) ?? '';
    if (method !== 'GET' && isStored) stored.add(code);
    return json(200, method === 'GET' ? customer(code, !stored.has(code)) : answer(code));
  });
  const ledger = newLedger();
  const { number } = ledger.runs.start({ command: 'import', options: {} });
  const rows = ledger.openRows(number);
  const ports = { api: newClient(server.baseUrl), ledger: rows, control: new RunControl() };
  await deactivateLeavers(leavers, ports, { concurrency: 3, rows: 10 });
  const sent = server.calls.filter(({ method }) => method !== 'GET').map(({ method }) => method);
  return { sent, entries: [...rows.leaverEntries(10)].map(({ index, state, errorCode }) => [index, state, errorCode]) };
}

it('stops at the first leaver where the API accepts the update and ignores "active"', async () => {
  const { sent, entries } = await deactivate((code) => customer(code, true));
  expect(sent).toEqual(['PUT']);
  expect(entries).toEqual([
    [10, 'rejected', 'ACTIVE_IGNORED'],
    [11, 'skipped', undefined],
    [12, 'skipped', undefined],
  ]);
});

it('reads a customer again whose answer does not show "active"', async () => {
  const { sent, entries } = await deactivate((code) => ({ customerCode: code }));
  expect(sent).toEqual(['PUT']);
  expect(entries[0]).toEqual([10, 'rejected', 'ACTIVE_IGNORED']);
});

it('makes all of them inactive, one PUT each and no DELETE', async () => {
  const { sent, entries } = await deactivate((code) => customer(code, false), true);
  expect(sent).toEqual(['PUT', 'PUT', 'PUT']);
  expect(entries.map(([, state]) => state)).toEqual(['deactivated', 'deactivated', 'deactivated']);
});
