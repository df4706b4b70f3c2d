import { defineCommand } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';
import type { MirrorRefreshed } from '#src/library/mirror.js';

export const mirrorCommand = defineCommand({
  command: 'mirror <action>',
  describe: 'The local copy of the customers that spares calls: bring it up to date',
  examples: [['$0 mirror refresh', 'read what has changed since the last time']],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('action', {
        choices: ['refresh'] as const,
        demandOption: true,
        describe: 'refresh: bring it up to date',
      })
      .option('anew', { type: 'boolean', default: false, describe: 'Forget the copy and read all customers again' }),
  async run(args, reporter) {
    const { refreshCustomers } = await import('#src/library/mirror.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const done = await refreshCustomers(settings, { anew: args.anew, signal: signals.signal });
      await reporter.result(render(done), done);
    } finally {
      signals.release();
    }
    return exitCodes.done;
  },
});

function render({ kind, customers, read, removed, api }: MirrorRefreshed): string {
  const how = kind === 'whole' ? 'read whole' : `${read} new or changed, ${removed} removed`;
  return `mirror: ${customers} customers, ${how}\nAPI: ${api.requests} requests`;
}
