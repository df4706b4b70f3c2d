import { formatCount } from '#pipelines/format-count.js';
import { rowStatuses } from '#pipelines/model.js';
import type { Pruned } from '#src/app/runs/prune-runs.js';
import type { RunReport } from '#src/app/runs/show-runs.js';
import { defineCommand } from '#src/cli/command.js';
import { omitUndefined, parseWholeNumber, settingOptions, toSettingOptions } from '#src/cli/options.js';
import { renderTable } from '#src/cli/render/format.js';
import type { Reporter } from '#src/cli/reporter.js';
import { parseDays } from '#src/config/parse-setting.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;
const defaultLimit = 20;

export const runsCommand = defineCommand({
  command: 'runs [action] [run]',
  describe: 'Earlier runs: counts, files, options',
  examples: [
    ['$0 runs', 'the latest runs'],
    ['$0 runs show 20261124-031522-7f3a --results again.csv', 'one run; write its result file again'],
    ['$0 runs show 20261124-031522-7f3a --report run.html', 'write a report for the browser'],
    ['$0 runs prune --older-than 90d --dry-run', 'how much personal data old runs still keep'],
  ],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('action', {
        choices: ['show', 'prune'] as const,
        describe: 'show: one run; prune: remove what old runs keep of customers',
      })
      .positional('run', { type: 'string', describe: 'Name of the run' })
      .option('results', { ...text, describe: 'With show: write the result file again, under this name' })
      .option('report', { ...text, describe: 'With show: write a report of the run as an HTML file' })
      .option('older-than', {
        ...text,
        describe: 'With prune: days since the run ended, e.g. 90d (default: "retention" of the profile, otherwise 90d)',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'With prune: only say what would be removed' })
      .option('limit', { ...text, describe: `How many to list (default ${defaultLimit})` }),
  async run(args, reporter) {
    const { listRuns, showRun } = await import('#src/app/runs/show-runs.js');
    const settings = resolveSettings(toSettingOptions(args));
    if (args.action === undefined) {
      const runs = listRuns(settings, parseWholeNumber('limit', args.limit) ?? defaultLimit).map(toRunDocument);
      await reporter.data(renderRuns(runs), runs);
      return exitCodes.done;
    }
    if (args.action === 'prune') return prune(settings, args, reporter);
    if (args.run === undefined)
      throw new UsageError('Which run?', { code: 'USAGE', nextStep: '`mypos-customers runs` lists them.' });
    const run = toRunDocument(
      await showRun(settings, args.run, omitUndefined({ results: args.results, report: args.report })),
    );
    await reporter.data(renderRun(run, args), run);
    return exitCodes.done;
  },
});

async function prune(
  settings: Settings,
  args: { readonly olderThan?: string | undefined; readonly dryRun: boolean; readonly run?: string | undefined },
  reporter: Reporter,
): Promise<ExitCode> {
  const days = args.olderThan === undefined ? undefined : parseDays(args.olderThan);
  if (args.run !== undefined || (args.olderThan !== undefined && days === undefined))
    throw new UsageError('runs prune takes an age in days, not a run.', {
      code: 'USAGE',
      nextStep: 'For example: mypos-customers runs prune --older-than 90d --dry-run',
    });
  const { pruneRuns } = await import('#src/app/runs/prune-runs.js');
  const pruned = pruneRuns(settings, { dryRun: args.dryRun, ...omitUndefined({ olderThanDays: days }) });
  await reporter.result(renderPruned(pruned), { action: 'prune', exitCode: exitCodes.done, ...pruned });
  return exitCodes.done;
}

function renderPruned({ runs, rows, files, bytes, olderThanDays, dryRun }: Pruned): string {
  const what = `personal data of ${formatCount(runs, 'run')} (${formatCount(rows, 'row')}) and ${formatCount(files, 'copy', 'copies')} of files`;
  if (dryRun) return `Older than ${olderThanDays} days: ${what} would be removed.`;
  return `Older than ${olderThanDays} days: ${what} removed; ${(bytes / 1e6).toFixed(1)} MB given back.`;
}

/** A run as users see it: names and ISO times instead of numbers of our own. */
function toRunDocument(run: RunReport) {
  const {
    name,
    command,
    mode = null,
    state,
    exitCode = null,
    stopReason = null,
    input = null,
    files,
    counts,
    options,
  } = run;
  return {
    run: name,
    command,
    mode,
    status: state,
    exitCode,
    stopReason,
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: run.endedAtMs === undefined ? null : new Date(run.endedAtMs).toISOString(),
    input:
      input === null ? null : { file: input.file, path: input.path, sha256: input.sha256, rows: input.rows ?? null },
    counts,
    files: { results: files.results ?? null, rejects: files.rejects ?? null, report: files.report ?? null },
    options,
  };
}

type RunDocument = ReturnType<typeof toRunDocument>;

function renderRuns(runs: readonly RunDocument[]): string {
  if (runs.length === 0) return 'No runs for this login yet.';
  const head = ['run', 'command', 'status', 'rows', 'results', 'file'];
  const rows = runs.map((run) => [
    run.run,
    run.command,
    run.status,
    String(run.input?.rows ?? ''),
    renderCounts(run),
    run.input?.file ?? '',
  ]);
  return renderTable(head, rows);
}

function renderRun(
  run: RunDocument,
  written: { readonly results?: string | undefined; readonly report?: string | undefined },
): string {
  const lines: (readonly [string, string | null])[] = [
    ['run', run.run],
    ['command', run.mode === null ? run.command : `${run.command} --mode ${run.mode}`],
    ['status', run.exitCode === null ? run.status : `${run.status} (exit ${run.exitCode})`],
    ['stopped', run.stopReason],
    ['started', run.startedAt],
    ['ended', run.endedAt],
    [
      'input',
      run.input === null
        ? null
        : `${run.input.path}, ${run.input.rows === null ? '? rows' : formatCount(run.input.rows, 'row')}, sha256 ${run.input.sha256}`,
    ],
    ['rows', renderCounts(run)],
    ['results', written.results ?? run.files.results],
    ['rejects', run.files.rejects],
    ['report', written.report ?? run.files.report],
    ['options', JSON.stringify(run.options)],
  ];
  return lines.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(8)} ${value}`])).join('\n');
}

function renderCounts(run: RunDocument): string {
  const found = rowStatuses.filter((status) => run.counts[status] > 0);
  return found.map((status) => `${run.counts[status]} ${status}`).join(', ');
}
