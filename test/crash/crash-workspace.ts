import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import Database from 'libsql';
import { expect } from 'vitest';
import type { Customer } from '#pipelines/model.js';
import { planSlots } from '#src/api/rate-limit.js';
import { maxWithin } from '#test/api/request-counts.js';
import { type CommandLine, type Finished, startCommandLine } from '#test/e2e/run-command-line.js';
import { type Kill, killAt } from './kill-at.js';
import type { RemoteSandbox } from './remote-sandbox.js';

/** An import to be killed: its mapping, its file, and what the API holds before. */
export interface Scenario {
  readonly name: string;
  readonly mapping: object;
  /** Imported first, without faults, so that the file meets existing customers. */
  readonly before?: readonly string[];
  readonly lines: readonly string[];
}

const header = 'No,Name,Post Code,Email,Limit';

const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: { column: 'Email', transform: ['email'] },
  creditLimit: { column: 'Limit', type: 'number' },
};

/**
 * `count` rows, most of them good and each about another customer. Some share an office, so that they look alike; one in
 * fifty cannot be mapped; some repeat an earlier row, with the same content or with another.
 */
function lines(count: number, limit: (row: number) => number = (row) => 100 + row): string[] {
  const rows = Array.from({ length: count }, (_, row) => {
    const no = String(row + 1).padStart(4, '0');
    const sharesOffice = row % 10 === 3;
    const email = sharesOffice ? 'office@example.com' : `c${no}@example.com`;
    const post = sharesOffice ? '0800' : `0${800 + (row % 100)}`;
    return `C-${no},Customer ${no},${post},${email},${row % 50 === 40 ? 'much' : limit(row)}`;
  });
  for (const [at, repeated] of [
    [51, 50],
    [200, 50],
    [210, 130],
  ] as const)
    if (at < count) rows[at] = rows[repeated] ?? '';
  if (count > 120) rows[120] = (rows[60] ?? '').replace(/\d+$/, '7');
  return rows;
}

export const scenarios: readonly Scenario[] = [
  { name: 'with a key', mapping: { version: 1, mode: 'add', key: { column: 'No' }, fields }, lines: lines(300) },
  {
    name: 'with a key that is stamped',
    mapping: { version: 1, mode: 'add', key: { column: 'No', stamp: 'cC_001' }, fields },
    lines: lines(300),
  },
  { name: 'without a key', mapping: { version: 1, mode: 'add', ignore: ['No'], fields }, lines: lines(300) },
  {
    name: 'of old and new customers',
    mapping: { version: 1, mode: 'upsert', key: { column: 'No' }, fields },
    before: lines(150),
    lines: lines(300, (row) => (row % 2 === 0 ? 100 + row : 5000 + row)),
  },
];

/** A working folder for one import that is killed, against a sandbox in another process. */
export interface CrashWorkspace {
  readonly folder: string;
  write(name: string, lines: readonly string[]): void;
  run(args: readonly string[], kill?: Kill, options?: Pick<CommandLine, 'realWaits'>): Promise<Finished>;
  /** The rows of the result file by column. */
  results(): Record<string, string>[];
  end(): void;
}

/** Requests per second: fast enough for the test, and the sandbox must never see more. */
const rate = process.env.CRASH_RATE === 'unlimited' ? 'unlimited' : 500;
const concurrency = 8;
const fastOptions = ['--concurrency', `${concurrency}`, '--timeout', '0.4'];

export function openCrashWorkspace(sandbox: RemoteSandbox, scenario: Scenario): CrashWorkspace {
  const folder = mkdtempSync(join(tmpdir(), 'mypos-crash-'));
  mkdirSync(join(folder, 'home'));
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(folder, name), `${[header, ...lines].join('\n')}\n`);
  writeFileSync(join(folder, 'mappings.json'), JSON.stringify(scenario.mapping));
  write('customers.csv', scenario.lines);
  return {
    folder,
    write,
    run(args, kill, options = {}) {
      const killEnvironment = kill === undefined ? {} : killAt(kill);
      const env = { HOME: join(folder, 'home'), ...sandbox.env, ...killEnvironment };
      return startCommandLine({ args: [...args, ...fastOptions, '--rate', String(rate)], cwd: folder, env, ...options })
        .finished;
    },
    results: () => parse(readFileSync(join(folder, 'customers.results.csv')), { columns: true }),
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The clock of a process that skipped a wait is ahead of that of the next one, which then has to wait for longer. */
const settle = ['--patience', '600', '--max-failures', '100%'];
export const importArgs = ['import', 'customers.csv', '--json', ...settle] as const;
export const resumeArgs = ['resume', '--json', ...settle] as const;
/** After these the sandbox has no more faults: an import that is still not done then never will be. */
const attemptsWithFaults = 6;
const maxAttempts = 12;

/** Imports and resumes, as a user would, until every row is done; killed at the given moments. */
export async function importUntilDone(
  workspace: CrashWorkspace,
  sandbox: RemoteSandbox,
  kills: readonly Kill[],
): Promise<void> {
  let args: readonly string[] = importArgs;
  const log: string[] = [];
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (attempt === attemptsWithFaults) await sandbox.setFaults([]);
    // Without anybody who is edited later, a list cannot prove that a row in doubt was never made.
    if (attempt > 1) await saveSomebody(sandbox);
    const end = await workspace.run(args, kills[attempt - 1]);
    log.push(`${args[0]}: ${end.killedBy ?? end.exitCode} ${end.stderr.slice(-300)}`);
    const done = end.killedBy === null ? (JSON.parse(end.stdout || 'null') as Summary | null) : undefined;
    // There is nothing to resume: the import was killed before its run began.
    args = done === null ? importArgs : resumeArgs;
    if (end.exitCode === 1) throw new Error(`The program reports a bug.\n${log.join('\n')}\n${end.stderr}`);
    if (done?.status === 'completed' && done.counts.failed + done.counts.in_doubt === 0) return;
  }
  const open = workspace.results().filter((row) => row._status === 'in_doubt' || row._status === 'failed');
  const why = open.map((row) => `row ${row._row} ${row._status} ${row._errorCode}: ${row._error}`);
  throw new Error(`It is not done after ${maxAttempts} attempts.\n${[...log, ...why].join('\n')}`);
}

/** The shop goes on working: somebody is saved as before. */
async function saveSomebody(sandbox: RemoteSandbox): Promise<void> {
  const [somebody] = await sandbox.customers();
  if (somebody === undefined) return;
  await setTimeout(1100);
  // The faults of the test meet everybody: then nothing is saved this time.
  await sandbox.call('PUT', `/customers/${somebody.customerCode}`, somebody).catch(() => undefined);
}

interface Summary {
  readonly status?: string;
  readonly counts: { readonly failed: number; readonly in_doubt: number };
}

/** What must be the same, however often an import was killed. */
export interface Outcome {
  /** Each customer's content in order, without the fields that the server fills in. */
  readonly customers: readonly string[];
  /** `_row` and `_status` of every line of the result file. */
  readonly rows: readonly string[];
}

export async function readOutcome(workspace: CrashWorkspace, sandbox: RemoteSandbox): Promise<Outcome> {
  return {
    customers: (await sandbox.customers()).map(readContent).sort(),
    rows: workspace.results().map((row) => `${row._row} ${row._status} ${row._errorCode}`),
  };
}

const serverFields = /^(customerId|customerCode|(creation|lastEdit)(Date|DateUTC|User|Device))$/;

function readContent(customer: Customer): string {
  return JSON.stringify(Object.entries(customer).filter(([field]) => !serverFields.test(field)));
}

/** Checks that nothing was lost or done twice, that the rate was kept, and that no secret is on disk. */
export async function expectSameAsUndisturbed(
  workspace: CrashWorkspace,
  sandbox: RemoteSandbox,
  undisturbed: Outcome,
): Promise<void> {
  const outcome = await readOutcome(workspace, sandbox);
  expect(outcome.rows).toEqual(undisturbed.rows);
  expect(outcome.customers).toEqual(undisturbed.customers);
  const customers = new Map((await sandbox.customers()).map((customer) => [String(customer.customerCode), customer]));
  const written = workspace.results().filter((row) => /^(created|updated|unchanged)$/.test(row._status ?? ''));
  expect(written.map((row) => customers.get(row._customerCode ?? '')?.customerName)).toEqual(
    written.map((row) => row.Name),
  );
  const created = written.filter((row) => row._status === 'created').map((row) => row._customerCode);
  expect(new Set(created).size).toBe(created.length);
  expectRateLimit((await sandbox.requests()).map(({ at }) => at));
  expectNoSecrets(workspace.folder, sandbox.password);
  expect(readdirSync(workspace.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
}

/** No second may see more than the rate and what was in flight when it began; a quarter of it also one slot more. */
function expectRateLimit(arrivals: readonly number[]): void {
  if (rate === 'unlimited') return;
  expect(maxWithin(250, arrivals)).toBeLessThanOrEqual(rate / 4 + planSlots(rate).requests + concurrency);
  expect(maxWithin(1000, arrivals)).toBeLessThanOrEqual(rate + concurrency);
}

/** The password must not be on disk at all, the token only in the ledger. */
function expectNoSecrets(folder: string, password: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const ledger = files.find((file) => file.endsWith('ledger.db')) ?? '';
  const { token } = new Database(ledger).prepare('SELECT token FROM tokens').get() as { token: string };
  expect(token).toMatch(/\S{16}/);
  const findFilesWith = (secret: string) => files.filter((file) => readFileSync(file, 'latin1').includes(secret));
  expect(findFilesWith(password)).toEqual([]);
  expect(findFilesWith(token).filter((file) => !file.startsWith(ledger))).toEqual([]);
}
