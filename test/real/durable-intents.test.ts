import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { writeCustomers } from '#test/e2e/customer-files.js';
import { mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

/** apt-get install strace */
const place = useWorkplace();
const run = promisify(execFile);

/** What an import asked of the operating system, in that order: to write to the ledger's log, to sync it, to send. */
async function traceImport(args: readonly string[]): Promise<string> {
  const trace = place.path('trace.txt');
  const calls = 'trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg';
  const strace = ['-f', '-y', '-s', '100000', '-e', calls, '-o', trace, process.execPath, mainFile, 'import', ...args];
  const env = { PATH: process.env.PATH ?? '', ...place.environment() };
  await run('strace', strace, { cwd: place.path('.'), env, maxBuffer: 1 << 26 });
  return trace;
}

interface Sent {
  readonly customer: string;
  /** Whether its intent was in the log when a sync of the log began that had ended by now. */
  readonly durable: boolean;
}

/** Every add that left, and whether its intent was on disk. */
async function addsIn(trace: string): Promise<readonly Sent[]> {
  const names = (line: string) => line.match(/Customer \d+\b/g) ?? [];
  const written = new Set<string>();
  const durable = new Set<string>();
  /** By thread: what the sync that it waits for will have put on disk. */
  const syncing = new Map<string, readonly string[]>();
  const sent: Sent[] = [];
  for await (const line of createInterface({ input: createReadStream(trace) })) {
    const thread = line.slice(0, line.indexOf(' '));
    if (/ pwrite64\(\d+<[^>]*ledger\.db-wal>/.test(line)) for (const name of names(line)) written.add(name);
    else if (/ f(data)?sync\(\d+<[^>]*ledger\.db-wal>/.test(line)) syncing.set(thread, [...written]);
    else if (line.includes('POST /api/v2/customers'))
      for (const customer of names(line)) sent.push({ customer, durable: durable.has(customer) });
    if (/f(data)?sync\b.*= 0$/.test(line)) for (const name of syncing.get(thread) ?? []) durable.add(name);
  }
  return sent;
}

describe('the intent of an add', () => {
  it.each([
    ['one after the other', 60, ['--concurrency', '1']],
    ['many at once', 400, ['--concurrency', '16']],
  ])('is written to the disk and synced before the request leaves: %s', async (_name, rows, options) => {
    const sandbox = await place.openApi();
    writeCustomers(place, rows);
    const sent = await addsIn(await traceImport(['customers.csv', '--rate', 'unlimited', ...options]));
    expect(sandbox.customers()).toHaveLength(rows);
    expect(new Set(sent.map(({ customer }) => customer)).size).toBe(rows);
    expect(sent.filter(({ durable }) => !durable)).toEqual([]);
  });
});
