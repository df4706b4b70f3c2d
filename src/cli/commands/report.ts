import { formatCount } from '#pipelines/format-count.js';
import type { RowStatus } from '#pipelines/model.js';
import type { RunsCompared } from '#src/app/runs/compare-runs.js';
import { defineCommand, defineGroup } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/options.js';
import { renderTable } from '#src/cli/render/format.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

const diffCommand = defineCommand({
  command: 'diff <before> <after>',
  describe: 'What two runs differ in: results, reasons, input, mapping, options',
  examples: [['$0 report diff 20261124-031522-7f3a 20261125-031519-c001', 'what is otherwise than the night before']],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('before', { type: 'string', demandOption: true, describe: 'Name of the earlier run' })
      .positional('after', { type: 'string', demandOption: true, describe: 'Name of the later run' }),
  async run(args, reporter) {
    const { compareRuns, listComparedStatuses } = await import('#src/app/runs/compare-runs.js');
    const compared = compareRuns(resolveSettings(toSettingOptions(args)), args.before, args.after);
    await reporter.data(renderCompared(compared, listComparedStatuses(compared)), compared);
    return exitCodes.done;
  },
});

/** What two runs differ in, for people. */
function renderCompared(compared: RunsCompared, statuses: readonly RowStatus[]): string {
  const { before, after, reasons, settings } = compared;
  const counts = statuses.map((status) => [
    status,
    String(before.counts[status]),
    String(after.counts[status]),
    formatChange(after.counts[status] - before.counts[status]),
  ]);
  return [
    `${describe(before)}\n${describe(after)}`,
    describeSame('input', compared.sameInput),
    describeSame('mapping', compared.sameMapping),
    '',
    counts.length === 0 ? 'Neither run has rows.' : renderTable(['status', 'before', 'after', 'change'], counts),
    '',
    ...(reasons.length === 0
      ? ['The same reasons, with as many rows each.']
      : reasons.map(
          ({ status, code, message, before: was, after: is }) =>
            `  ${formatChange(is - was)} (${was} → ${is}) ${status.replace('_', ' ')}: ${message} [${code}]`,
        )),
    ...(settings.length === 0 ? [] : ['', 'Options and settings that differ']),
    ...settings.map(({ name, before: was, after: is }) => `  ${name}: ${was ?? '–'} → ${is ?? '–'}`),
  ].join('\n');
}

function describe({ run, command, startedAt, file, rows }: RunsCompared['before']): string {
  const input = file === null ? '' : ` of ${file}${rows === null ? '' : `, ${formatCount(rows, 'row')}`}`;
  return `${run}: ${command}${input}, started ${startedAt}`;
}

function describeSame(what: string, isSame: boolean | null): string {
  if (isSame === null) return `The ${what} cannot be compared.`;
  return isSame ? `The ${what} is the same.` : `The ${what} is different.`;
}

function formatChange(change: number): string {
  return change > 0 ? `+${change}` : String(change);
}

export const reportCommand = defineGroup('report', 'Compare runs', [diffCommand]);
