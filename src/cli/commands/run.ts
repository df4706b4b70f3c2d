import { defineCommand } from '#src/cli/command.js';
import { runExport } from '#src/cli/run-export.js';
import { runSweep, sweepOptions, toSweepOptions } from '#src/cli/sweep-options.js';
import { findJob, type ImportJob } from '#src/config/jobs.js';
import { UsageError } from '#src/errors.js';

export const runCommand = defineCommand({
  command: 'run <job>',
  describe: 'Run a job of the configuration file, once (for cron)',
  examples: [
    ['$0 run nightly --config /etc/mypos-customers.json', 'sweep the folder of the job "nightly"'],
    ['$0 run to-warehouse --quiet', 'write the file of the export job "to-warehouse"'],
  ],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('job', { type: 'string', demandOption: true, describe: 'Name of the job' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would be done' }),
  async run(args, reporter) {
    const job = findJob(args.config, args.job);
    if (job.kind === 'export') return runExport(args, reporter, job);
    const folder = folderOf(job);
    return runSweep(args, reporter, async (log, signal) => {
      const { sweepFolder } = await import('#src/library/sweep/sweep-folder.js');
      return sweepFolder({ ...toSweepOptions(args, folder), job: job.name, signal }, log);
    });
  },
});

function folderOf({ name, folder }: ImportJob): string {
  if (folder !== undefined) return folder;
  throw new UsageError(`The job ${name} has no folder.`, {
    code: 'JOB_WITHOUT_FOLDER',
    nextStep: `Add "folder" to it, or use: mypos-customers sweep <folder>`,
  });
}
