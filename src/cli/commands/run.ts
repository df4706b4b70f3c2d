import { findJob } from '../../config/jobs.js';
import { UsageError } from '../../errors.js';
import { defineCommand } from '../command.js';
import { runSweep, sweepOptions, toSweepOptions } from '../sweep-options.js';

export const runCommand = defineCommand({
  command: 'run <job>',
  describe: 'Run a job of the configuration file, once (for cron)',
  examples: [['$0 run nightly --config /etc/mypos-customers.json', 'sweep the folder of the job "nightly"']],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('job', { type: 'string', demandOption: true, describe: 'Name of the job' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would be done' }),
  run: (args, reporter) =>
    runSweep(args, reporter, async (log, signal) => {
      const { name, folder } = findJob(args.config, args.job);
      if (folder === undefined)
        throw new UsageError(`The job ${name} has no folder.`, {
          code: 'JOB_WITHOUT_FOLDER',
          nextStep: `Add "folder" to it, or use: mypos-customers sweep <folder>`,
        });
      const { sweepFolder } = await import('../../library/sweep/sweep-folder.js');
      return sweepFolder({ ...toSweepOptions(args, folder), job: name, signal }, log);
    }),
});
