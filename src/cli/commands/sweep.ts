import { defineCommand } from '#src/cli/command.js';
import { runSweep, sweepOptions, toSweepOptions } from '#src/cli/sweep-options.js';

export const sweepCommand = defineCommand({
  command: 'sweep <folder>',
  describe: 'Import the files dropped in a folder, once (for cron)',
  examples: [
    ['$0 sweep /srv/drop', 'import what lies ready'],
    ['$0 sweep /srv/drop --dry-run --keep-days 90', 'say what would be taken, what waits and why, what is old'],
  ],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('folder', { type: 'string', demandOption: true, describe: 'The drop folder' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would be done' }),
  run: (args, reporter) =>
    runSweep(args, reporter, async (log, signal) => {
      const { sweepFolder } = await import('#src/library/sweep/sweep-folder.js');
      return sweepFolder({ ...toSweepOptions(args, args.folder), signal }, log);
    }),
});
