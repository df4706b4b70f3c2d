import { defineCommand } from '#src/cli/command.js';
import { seconds } from '#src/cli/option-values.js';
import { runSweep, sweepOptions, toSweepOptions } from '#src/cli/sweep-options.js';

const usualEveryMs = 10_000;

export const watchCommand = defineCommand({
  command: 'watch <folder>',
  describe: 'Import the files dropped in a folder, until stopped (a service)',
  examples: [['$0 watch /srv/drop --every 30', 'look every half a minute']],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('folder', { type: 'string', demandOption: true, describe: 'The drop folder' })
      .option('every', {
        type: 'string',
        requiresArg: true,
        describe: 'Seconds from one look to the next (default 10)',
      }),
  run: (args, reporter) =>
    runSweep(args, reporter, async (log, signal) => {
      const { watchFolder } = await import('#src/library/sweep/sweep-folder.js');
      const everyMs = seconds('every', args.every) ?? usualEveryMs;
      return watchFolder({ ...toSweepOptions(args, args.folder), everyMs, signal }, log);
    }),
});
