import { basename, resolve } from 'node:path';
import { formatCount } from '#pipelines/format-count.js';
import { rowStatuses } from '#pipelines/model.js';
import type { CommandResult } from '#src/app/alerts/command-alerts.js';
import type { ExportSummary } from '#src/app/export/export-customers.js';
import type { RunSummary } from '#src/app/run-summary.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { type SettingArguments, toSettingOptions } from './options.js';
import type { Reporter } from './reporter.js';

/** What alerts call a run of a command: the command, and the file that it is about. */
export interface AlertSubjectName {
  readonly command: string;
  readonly file?: string | undefined;
}

/** How a command ended; `about` when it turns out to be about another one, as the run that `resume` continues. */
export type DescribedResult = Omit<CommandResult, 'exitCode'> & { readonly about?: AlertSubjectName };

/** Takes what alerts are to say of the command's result. */
export type DescribeResult = (result: DescribedResult) => void;

/** As yargs hands them over. */
export interface AlertArguments extends SettingArguments {
  readonly notify?: string | undefined;
}

/** Runs a command, and alerts the targets that `--notify` names. What they do not take is an error, and changes nothing else. */
export async function withAlerts(
  args: AlertArguments,
  reporter: Reporter,
  subject: AlertSubjectName,
  work: (describe: DescribeResult) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (args.notify === undefined) return work(() => undefined);
  const { openCommandAlerts } = await import('#src/app/alerts/command-alerts.js');
  const settings = toSettingOptions(args);
  const notify = parseNames(args.notify);
  const open = (name: AlertSubjectName) => openCommandAlerts({ settings, notify, ...identify(name) });
  const alerts = open(subject);
  const report = (failures: readonly string[]) => {
    for (const failure of failures) reporter.error(`Error: ${failure}`);
  };
  let described: DescribedResult = { text: '', facts: {} };
  let exitCode: ExitCode;
  try {
    exitCode = await work((result) => {
      described = result;
    });
  } catch (error) {
    report(await alerts.concludeError(error));
    throw error;
  }
  const { about = subject, ...result } = described;
  // The command itself has worked, whatever became of what it is about.
  if (identify(about).id !== identify(subject).id)
    report(await alerts.conclude({ text: '', facts: {}, exitCode: exitCodes.done }));
  report(await open(about).conclude({ ...result, exitCode }));
  return exitCode;
}

function parseNames(value: string): readonly string[] {
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > 0) return names;
  throw new UsageError('--notify names nobody.', { code: 'OPTION_VALUE', nextStep: 'For example: --notify office' });
}

/** Files whose names differ in numbers only, such as dates, are one subject: tonight's success ends last night's failure. */
function identify({ command, file }: AlertSubjectName): { readonly subject: string; readonly id: string } {
  if (file === undefined || file === '-') return { subject: command, id: command };
  return { subject: `${command} ${basename(file)}`, id: `${command} ${resolve(file).replaceAll(/\d+/g, '#')}` };
}

/** A run, without anything of the customers in it. */
export function describeRun(summary: RunSummary): DescribedResult {
  const { run, command, exitCode, counts, waiting, newlyWaiting = 0, files, stopped, input, status } = summary;
  const rows = rowStatuses.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`);
  const isBad = counts.invalid + counts.rejected + counts.failed > waiting;
  const text = [
    `${command}${run === null ? '' : ` ${run}`}: ${status}${rows.length === 0 ? '.' : `: ${rows.join(', ')}.`}`,
    ...(waiting === 0
      ? []
      : [`${formatCount(waiting, 'row')} ${waiting === 1 ? 'waits' : 'wait'} for a decision: ${files.review ?? ''}`]),
    ...(files.rejects === null ? [] : [`Rows to fix: ${files.rejects}`]),
    ...(files.results === null ? [] : [`Results: ${files.results}`]),
    ...(stopped === null ? [] : [stopped.message, stopped.nextStep ?? '']),
  ];
  return {
    text: text.filter((line) => line !== '').join('\n'),
    facts: { command, run, counts, waiting, files, reason: stopped },
    isKnownToWait: exitCode === exitCodes.someRowsFailed && waiting > 0 && newlyWaiting === 0 && !isBad,
    waitingIn: newlyWaiting > 0 ? (run ?? '') : undefined,
    ...(input === null ? {} : { about: { command: 'import', file: input.file } }),
  };
}

/** An export, without anything of the customers in it. */
export function describeExport({ output, stopped }: ExportSummary): DescribedResult {
  const text =
    output === null
      ? [stopped?.message ?? 'The export was stopped.', stopped?.nextStep ?? ''].join('\n')
      : `${formatCount(output.rows, 'customer')} in ${output.file}`;
  return { text: text.trim(), facts: { output, reason: stopped } };
}
