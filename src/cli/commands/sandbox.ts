import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import { localOptions, omitUndefined, parseWholeNumber, toSettingOptions } from '#src/cli/options.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes, UsageError } from '#src/errors.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';

const text = { type: 'string', requiresArg: true } as const;

export const sandboxCommand = defineCommand({
  command: 'sandbox',
  describe: 'Run a sandbox of the Customers API on this machine',
  examples: [
    ['$0 sandbox --port 8080', 'until Ctrl-C'],
    ['$0 sandbox --fault reset-after-commit:add:10%', 'simulate lost answers'],
  ],
  options: (yargs) =>
    localOptions(yargs)
      .option('port', { ...text, describe: 'Port on 127.0.0.1 (default: any free one)' })
      .option('data', { ...text, describe: 'Data file (default: in the state folder)' })
      .option('username', {
        ...text,
        describe:
          'Login that it accepts (default sandbox@example.com; password from MYPOS_SANDBOX_PASSWORD, or "sandbox")',
      })
      .option('fault', {
        ...text,
        array: true,
        nargs: 1,
        describe: 'A fault to simulate, e.g. 503:add:nth=3 (may be repeated)',
      })
      .option('seed', { ...text, describe: 'Seed for random faults (default 1)' }),
  async run(args, reporter) {
    const { startSandbox } = await import('#src/sandbox/start-sandbox.js');
    const { parseFaults } = await import('#src/sandbox/fault.js');
    const { stateDir } = resolveSettings(toSettingOptions(args));
    const sandbox = await startSandbox({
      dataFile: args.data ?? defaultDataFile(stateDir.value),
      faults: parseFaults(args.fault ?? []),
      ...omitUndefined({
        port: parsePort(args.port),
        seed: parseWholeNumber('seed', args.seed),
        username: args.username,
        // A secret is never an option, not even one for rehearsals.
        password: process.env.MYPOS_SANDBOX_PASSWORD,
      }),
    });
    const { baseUrl, username, password, port, adminToken = '' } = sandbox;
    const signals = stopOnSignals(reporter);
    try {
      await reporter.data(renderAddress(sandbox), {
        baseUrl,
        username,
        password,
        port,
        adminToken,
        pid: process.pid,
      });
      if (!signals.signal.aborted) await once(signals.signal, 'abort');
    } finally {
      await sandbox.close();
      signals.release();
    }
    return exitCodes.done;
  },
});

const maxPort = 65_535;

/** @throws UsageError */
function parsePort(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= maxPort) return Number(value);
  throw new UsageError(`--port ${value} is not a port: it must be a number from 0 (any free port) to ${maxPort}.`, {
    code: 'OPTION_VALUE',
    nextStep: 'For example: --port 8080',
  });
}

function defaultDataFile(stateDir: string): string {
  const folder = join(stateDir, 'sandbox');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new UsageError(`The folder ${folder} cannot be created.`, {
      code: 'STATE_FOLDER_UNUSABLE',
      nextStep: 'Choose another with --state-dir, or specify a file with --data.',
      cause,
    });
  }
  return join(folder, 'customers.db');
}

function renderAddress({ baseUrl, username, password, adminToken = '' }: Sandbox): string {
  return [
    `The sandbox is running at ${baseUrl}. Stop it with Ctrl-C. In another terminal:`,
    `  export MYPOS_CONNECT_BASE_URL=${baseUrl}`,
    `  export MYPOS_CONNECT_USERNAME=${username} MYPOS_CONNECT_PASSWORD=${password}`,
    `Its admin API takes the header Authorization: Bearer ${adminToken}`,
  ].join('\n');
}
