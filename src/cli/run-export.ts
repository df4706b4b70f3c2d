import type { ExportJob } from '#src/config/jobs.js';
import { type ExitCode, UsageError } from '#src/errors.js';
import { present, toSettingOptions } from './common-options.js';
import { renderExportJob } from './render-export.js';
import type { Reporter } from './reporter.js';
import { runLogged, type SweepArguments } from './sweep-options.js';

/** Runs an export job with its log, and prints what came of it. */
export function runExport(args: SweepArguments, reporter: Reporter, job: ExportJob): Promise<ExitCode> {
  refuseForeignOptions(args, job);
  return runLogged(
    args,
    reporter,
    async (log, signal) => {
      const { runExportJob } = await import('#src/library/export-job/run-export-job.js');
      const settings = toSettingOptions(args);
      return runExportJob({ job, settings, signal, ...present({ metricsFile: args.metricsFile }) }, log);
    },
    renderExportJob,
  );
}

/** What only makes sense for a drop folder must not be given in vain. */
function refuseForeignOptions(args: SweepArguments, { name }: ExportJob): void {
  const { mode, quietFor, maxWait, settle, keepDays, adopt, dryRun } = args;
  const foreign = Object.entries({
    mode,
    'quiet-for': quietFor,
    'max-wait': maxWait,
    settle,
    'keep-days': keepDays,
    adopt: adopt || undefined,
    'dry-run': dryRun === true || undefined,
  }).find(([, value]) => value !== undefined);
  if (foreign === undefined) return;
  throw new UsageError(`--${foreign[0]} is about drop folders, and ${name} is an export job.`, {
    code: 'USAGE',
    nextStep: 'Leave it out.',
  });
}
