/**
 * The nightly file: 100,000 customers, of whom one in a hundred has changed. The compiled command against a sandbox in
 * its own process: the first import, the same file again, a plan of the changed file, its import, and a refresh of
 * customers whom others made. Prints calls, seconds, and the peak of memory of each command.
 *
 * npm run build && npx tsx bench/upsert.ts [customers]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const main = resolve('dist/src/cli/main.js');
const customers = Number(process.argv[2] ?? 100_000);
const changedEvery = 100;

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

function fileOf(count: number, isChanged: boolean): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const street = isChanged && index % changedEvery === 0 ? `${index} New Road` : `${index} Old Road`;
    const cells = [`K-${index}`, `Customer ${index}`, `Ann${index}`, `Lee${index}`, street, 'Darwin', '0800'];
    return [...cells, `08 ${index}`, `c${index}@example.com`, index % 500, index % 3 === 0 ? 'gold' : ''].join(',');
  });
  return `No,Name,First,Last,Street,City,Post Code,Phone,Email,Limit,Tier\n${lines.join('\n')}\n`;
}

interface Done {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly document: Record<string, never> & {
    readonly counts?: Readonly<Record<string, number>>;
    readonly cost?: { readonly calls: number };
    readonly exitCode?: number;
  };
}

/** GNU time is not everywhere, so the command itself says at its end how large it was. */
const sayPeak = `data:text/javascript,${encodeURIComponent(
  "process.on('exit',()=>process.stderr.write('\\nPEAK '+process.resourceUsage().maxRSS+'\\n'))",
)}`;

function run(folder: string, args: readonly string[]): Promise<Done> {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', sayPeak, main, ...args, '--json', '--quiet', '--rate', 'unlimited'],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        MYPOS_CONNECT_USERNAME: 'sandbox@example.com',
        MYPOS_CONNECT_PASSWORD: 'sandbox',
        MYPOS_CONNECT_BASE_URL: baseUrl,
      },
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', () => {
      const seconds = (performance.now() - start) / 1000;
      const peakMiB = Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024;
      if (stdout === '') fail(new Error(`${args.join(' ')}: ${stderr}`));
      else done({ seconds, peakMiB, document: JSON.parse(stdout) as Done['document'] });
    });
  });
}

let baseUrl = '';

/** The sandbox in its own process; it says its address when it listens. */
function startSandbox(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, 'sandbox', '--data', join(folder, 'customers.db')], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder },
  });
  return new Promise((done, fail) => {
    const look = (chunk: Buffer) => {
      const found = /http:\/\/127\.0\.0\.1:\d+\/api\/v2/.exec(String(chunk))?.[0];
      if (found === undefined) return;
      baseUrl = found;
      done(child);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('close', () => fail(new Error('The sandbox has ended.')));
  });
}

/** What was asked of the API since the last look, by kind. */
async function callsSince(): Promise<Record<string, number>> {
  const door = `${new URL(baseUrl).origin}/_sandbox/requests`;
  const requests = (await (await fetch(door)).json()) as { readonly method: string; readonly path: string }[];
  await fetch(door, { method: 'DELETE' });
  const counts: Record<string, number> = {};
  for (const { method, path } of requests) {
    const kind = path.includes('/auth/') ? 'login' : method === 'GET' && path.includes('?') ? 'list' : method;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

const results: { readonly name: string; readonly calls: Record<string, number>; readonly done: Done }[] = [];

async function step(name: string, folder: string, ...args: string[]): Promise<void> {
  const done = await run(folder, args);
  const calls = await callsSince();
  results.push({ name, calls, done });
  const { counts = {}, exitCode } = done.document;
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  console.log(
    `${name.padEnd(22)} ${done.seconds.toFixed(1).padStart(7)} s  peak ${done.peakMiB.toFixed(0).padStart(4)} MiB  exit ${exitCode ?? 0}  calls ${JSON.stringify(calls)}  ${told.map(([what, count]) => `${count} ${what}`).join(', ')}`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'mypos-bench-upsert-'));
const sandbox = await startSandbox(folder);
try {
  console.log(`${customers} customers, 1 in ${changedEvery} changed; the sandbox in its own process`);
  writeFileSync(join(folder, 'mappings.json'), JSON.stringify(mapping));
  writeFileSync(join(folder, 'customers.csv'), fileOf(customers, false));
  await step('first import', folder, 'import', 'customers.csv');
  await step('same file again', folder, 'import', 'customers.csv');
  writeFileSync(join(folder, 'customers.csv'), fileOf(customers, true));
  await step('plan, 1 % changed', folder, 'plan', 'customers.csv');
  await step('import, 1 % changed', folder, 'import', 'customers.csv');
  await step('plan, all imported', folder, 'plan', 'customers.csv');
  await step('mirror read whole', folder, 'mirror', 'refresh', '--anew');
  await step('mirror refreshed', folder, 'mirror', 'refresh');
  const again = results[1]?.calls ?? {};
  const changed = results[3]?.calls ?? {};
  const sum = Object.values(changed).reduce((total, count) => total + count, 0);
  console.log(
    `ratio of calls: same file again ${((again.list ?? 0) / (2 * customers)).toExponential(1)}, 1 % changed ${(sum / (2 * customers)).toFixed(4)} of a naive upsert's ${2 * customers}; result file: ${readFileSync(join(folder, 'customers.results.csv')).length} bytes`,
  );
} finally {
  sandbox.kill();
  rmSync(folder, { recursive: true, force: true });
}
