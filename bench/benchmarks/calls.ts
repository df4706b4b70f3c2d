import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineSurvey } from '#bench/harness/benchmark.js';
import { type CommandMeasurement, runCommandLine, unlimitedOptions } from '#bench/harness/run-command-line.js';
import { type Arrival, serveSandbox, takeRequests } from '#bench/harness/sandbox.js';

const changedEvery = 100;
const kinds = ['list', 'detail', 'POST', 'PUT'] as const;

const mapping = {
  version: 1,
  mode: 'upsert',
  key: { column: 'No', stamp: 'cC_001' },
  fields: {
    customerName: 'Name',
    firstName: 'First',
    lastName: 'Last',
    address: 'Street',
    city: 'City',
    postalCode: 'Post Code',
    phoneNumber: 'Phone',
    emailAddress: { column: 'Email', transform: ['email'] },
    creditLimit: { column: 'Limit', type: 'number' },
    cC_002: 'Tier',
  },
};

function buildFile(count: number, isChanged: boolean): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const street = isChanged && index % changedEvery === 0 ? `${index} New Road` : `${index} Old Road`;
    const cells = [`K-${index}`, `Customer ${index}`, `Ann${index}`, `Lee${index}`, street, 'Darwin', '0800'];
    return [...cells, `08 ${index}`, `c${index}@example.com`, index % 500, index % 3 === 0 ? 'gold' : ''].join(',');
  });
  return `No,Name,First,Last,Street,City,Post Code,Phone,Email,Limit,Tier\n${lines.join('\n')}\n`;
}

const imported = ['import', 'customers.csv', '--concurrency', '16'];

/** The nightly file of an old system, and reading everything back; `naive` is what a loop without a ledger would ask. */
const scenarios: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly isChanged?: boolean;
  readonly naive: (customers: number) => number;
}[] = [
  { name: 'first import', args: imported, naive: (customers) => customers },
  { name: 'the same file again', args: imported, naive: (customers) => 2 * customers },
  { name: 'plan, 1 % changed', args: ['plan', 'customers.csv'], isChanged: true, naive: (customers) => customers },
  { name: 'import, 1 % changed', args: imported, isChanged: true, naive: (customers) => 2 * customers },
  { name: 'mirror read whole', args: ['mirror', 'refresh', '--anew'], naive: (customers) => customers / 10 },
  { name: 'mirror refreshed', args: ['mirror', 'refresh'], naive: (customers) => customers / 10 },
  { name: 'export, with mirror', args: ['export', 'a.csv'], naive: (customers) => customers / 10 },
  { name: 'export, without', args: ['export', 'b.csv', '--no-mirror'], naive: (customers) => customers / 10 },
  { name: 'export --full, with', args: ['export', 'c.csv', '--full'], naive: (customers) => 1.1 * customers },
  {
    name: 'export --full, without',
    args: ['export', 'd.csv', '--full', '--no-mirror'],
    naive: (customers) => 1.1 * customers,
  },
];

function classifyCall({ method, path }: Arrival): string {
  if (path.includes('/auth/')) return 'login';
  if (method !== 'GET') return method;
  return path.includes('?') ? 'list' : 'detail';
}

function buildRow(
  name: string,
  arrivals: readonly Arrival[],
  naive: number,
  { seconds, peakMiB }: CommandMeasurement,
): string[] {
  const calls = arrivals.map(classifyCall).filter((kind) => kind !== 'login');
  const figures = kinds.map((kind) => String(calls.filter((call) => call === kind).length));
  return [name, ...figures, (calls.length / naive).toFixed(4), `${peakMiB.toFixed(0)} MiB`, `${seconds.toFixed(1)} s`];
}

export const benchmark = defineSurvey<number>({
  about:
    'Calls to the API by scenario, one customer in a hundred changed, beside a loop that asks for each row (10 a page). Aim: what is known costs none.',
  sizes: { full: 20_000, smoke: 500 },
  heads: ['', ...kinds, 'of a naive loop', 'peak', 'time'],
  async survey(customers, folder) {
    const server = await serveSandbox(join(folder, 'customers.db'));
    try {
      writeFileSync(join(folder, 'mappings.json'), JSON.stringify(mapping));
      const rows: (readonly string[])[] = [];
      for (const { name, args, isChanged = false, naive } of scenarios) {
        writeFileSync(join(folder, 'customers.csv'), buildFile(customers, isChanged));
        const done = await runCommandLine(folder, [...args, ...unlimitedOptions(server.baseUrl)]);
        rows.push(buildRow(name, await takeRequests(server.baseUrl), naive(customers), done));
      }
      return rows;
    } finally {
      server.stop();
    }
  },
});
