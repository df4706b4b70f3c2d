import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { importFile } from '#src/app/import/import-file.js';
import { refreshCustomers } from '#src/app/refresh-mirror.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { CustomersError } from '#src/errors.js';
import { readResults } from '#test/e2e/customer-files.js';
import { type DeviantServer, type Fields, reply, useDeviantServers } from './deviant-server.js';
import { type DeviationCase, deviations, type Scenario, scenarios } from './deviations.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-deviations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);

/** Customers that are there before. All but the first three are in no file. */
const present: readonly Fields[] = Array.from({ length: 12 }, (_, index) => ({
  ...{ customerName: `Zoë Present ${index}`, emailAddress: `present${index}@shop.example`, city: 'Darwin' },
  ...{ phoneNumber: `08 8981 ${1000 + index}`, notes: 'keep', creditLimit: 250.5, isOld: true },
}));

const fields = {
  customerName: 'Name',
  emailAddress: 'Email',
  city: 'City',
  creditLimit: { column: 'Limit', type: 'number' },
};
const mappings: Readonly<Record<Scenario, object>> = {
  add: { version: 1, mode: 'add', key: { column: 'No' }, fields },
  upsert: { version: 1, mode: 'upsert', match: ['emailAddress'], fields, ignore: ['No'] },
  update: { version: 1, mode: 'update', fields: { ...fields, customerCode: 'Code' } },
  resume: { version: 1, mode: 'upsert', key: { column: 'No' }, fields },
  export: {},
  mirror: {},
};

const newRows = Array.from(
  { length: 4 },
  (_, index) => `N${index},Ann New ${index},new${index}@shop.example,Parap,100`,
);
const changedRows = [0, 1, 2].map((index) => `P${index},Zoë Present ${index},present${index}@shop.example,Alice,250.5`);
const files: Readonly<Record<Scenario, string>> = {
  add: ['No,Name,Email,City,Limit', ...newRows].join('\n'),
  upsert: ['No,Name,Email,City,Limit', ...newRows.slice(0, 3), ...changedRows].join('\n'),
  update: [
    'Code,Name,Email,City,Limit',
    ...changedRows.map((row, index) => row.replace(/^P\d/, `000000${index + 1}`)),
  ].join('\n'),
  resume: ['No,Name,Email,City,Limit', ...newRows].join('\n'),
  export: '',
  mirror: '',
};

function useServer(server: DeviantServer, scenario: Scenario) {
  writeFileSync(path('mappings.json'), JSON.stringify(mappings[scenario]));
  writeFileSync(path('customers.csv'), `${files[scenario]}\n`);
  return resolveSettings(
    {
      ...{ baseUrl: server.baseUrl, stateDir: path('state') },
      ...(files[scenario] === '' ? {} : { mapping: path('mappings.json') }),
      ...{ rate: 'unlimited', concurrency: '2' },
    },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
}

interface End {
  readonly exitCode: number;
  readonly why: string;
  /** Whether everything is as it should be when the exit code is 0. */
  readonly isDone: boolean;
}

async function run(server: DeviantServer, scenario: Scenario, deviate: () => void): Promise<End> {
  const settings = useServer(server, scenario);
  const { signal } = new AbortController();
  const file = path('customers.csv');
  switch (scenario) {
    case 'export': {
      deviate();
      const { exitCode, stopped } = await exportCustomers(settings, {
        file: path('all.csv'),
        pageSize: 5,
        signal,
        fields: ['customerName'],
      });
      const names = exitCode === 0 ? readFileSync(path('all.csv'), 'utf8').trim().split(/\r?\n/).slice(1) : [];
      const real = server.account.all().map(({ customerName }) => String(customerName));
      return { exitCode, why: `${stopped?.message}`, isDone: String(names.toSorted()) === String(real.toSorted()) };
    }
    case 'mirror': {
      deviate();
      const { customers } = await refreshCustomers(settings, { signal });
      return { exitCode: 0, why: '', isDone: customers === server.account.customers.size };
    }
    case 'resume': {
      // The right is taken away after the first row.
      server.deviate({ add: ({ count }, _, regular) => (count > 1 ? reply(403, { message: 'no' }) : regular()) });
      const { run: name } = await importFile({ ...settings, concurrency: { value: 1, origin: 'test' } }, { file });
      deviate();
      const summary = await resumeRun(settings, { run: name ?? '', settleMs: 50 });
      return describeRun(server, summary?.exitCode ?? -1, `${summary?.stopped?.message}`);
    }
    default: {
      deviate();
      const { exitCode, stopped } = await importFile(settings, { file, settleMs: 50 });
      return describeRun(server, exitCode, `${stopped?.message}`);
    }
  }
}

function describeRun(server: DeviantServer, exitCode: number, why: string): End {
  const rows = readResults(readFileSync(path('customers.results.csv'), 'utf8'));
  const isThere = rows.map(({ Name, Email, City }) => {
    const found = server.account.all().filter(({ emailAddress }) => emailAddress === Email);
    return found.length === 1 && found[0]?.customerName === Name && found[0]?.city === City;
  });
  const statuses = rows.map(({ _status, _errorCode, _error }) => `${_status} ${_errorCode} ${_error}`).join('\n');
  return { exitCode, why: `${why}\n${statuses}`, isDone: isThere.every(Boolean) };
}

/** What must hold whatever the API does: nobody twice, and nobody changed whom no row names. */
function expectUnharmed(server: DeviantServer, before: readonly Fields[]): void {
  const emails = server.account.all().map(({ emailAddress }) => emailAddress);
  expect(emails).toEqual([...new Set(emails)]);
  const named = new Set(['0000001', '0000002', '0000003']);
  for (const customer of before) {
    const now = server.account.customers.get(String(customer.customerCode));
    if (!named.has(String(customer.customerCode))) expect(now).toEqual(customer);
    else expect(now).toMatchObject({ customerName: customer.customerName ?? '', notes: 'keep', isOld: true });
  }
}

const maxCalls = 150;

async function endUnder(
  { deviation }: DeviationCase,
  scenario: Scenario,
): Promise<End & { readonly server: DeviantServer }> {
  const server = await start(present);
  const before = server.account.all();
  const end = await run(server, scenario, () => server.deviate(deviation)).catch((error: unknown) => {
    if (error instanceof CustomersError) return { exitCode: error.exitCode, why: error.message, isDone: false };
    throw error;
  });
  expectUnharmed(server, before);
  expect(server.calls.length).toBeLessThan(maxCalls);
  return { ...end, server };
}

describe.each(deviations.map((deviation) => [deviation.name, deviation] as const))('when %s', (_name, deviation) => {
  it.each(scenarios.filter((scenario) => deviation.skips?.includes(scenario) !== true))(
    '%s does no harm, and says so when not all is done',
    async (scenario) => {
      const { exitCode, isDone, why } = await endUnder(deviation, scenario);
      const allowed = [deviation.ends?.[scenario] ?? 0].flat();
      expect(allowed, why).toContain(exitCode);
      const isEmpty = deviation.looksEmpty === true && (scenario === 'export' || scenario === 'mirror');
      if ((exitCode === 0 && !isEmpty) || (scenario === 'resume' && exitCode === 4)) expect(isDone, why).toBe(true);
    },
  );
});
