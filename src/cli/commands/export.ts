import type { ChangedSince } from '#src/app/export/export-customers.js';
import { describeExport } from '#src/cli/alerts.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  filterOption,
  mappingOption,
  notifyOption,
  omitUndefined,
  parseFilters,
  parseIsoTimeOption,
  parseSortOption,
  parseWholeNumber,
  settingOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { renderExport } from '#src/cli/render/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { type ExitCode, UsageError } from '#src/errors.js';
import { tableEndings, tableFormatNames } from '#src/files/begin-table.js';

const text = { type: 'string', requiresArg: true } as const;

export const exportCommand = defineCommand({
  command: 'export <file>',
  describe: `Export all customers to ${tableEndings}; - is standard output`,
  examples: [
    ['$0 export customers.xlsx', 'all customers as a workbook'],
    ['$0 export changes.csv --changed-since last', 'customers edited since the last export of this kind'],
    ['$0 export - --format csv --fields customerCode,balance', 'two fields, on standard output'],
  ],
  options: (yargs) =>
    mappingOption(settingOptions(yargs))
      .positional('file', { type: 'string', demandOption: true, describe: 'The output file; - is standard output' })
      .nargs('file', 1)
      .option('format', { choices: tableFormatNames, describe: 'Format (default: from the file name)' })
      .option('fields', {
        ...text,
        describe: 'Fields to export as columns, separated by commas, or "all" (default: the mapping)',
      })
      .option('full', {
        type: 'boolean',
        default: false,
        describe: 'Read the details of each customer, which include custom fields',
      })
      .option('changed-since', { ...text, describe: 'Only customers edited at or after this ISO time; or "last"' })
      .option('changed-until', { ...text, describe: 'Only customers edited at or before this ISO time' })
      .option('filter', filterOption)
      .option('active', { type: 'boolean', default: false, describe: 'Only active customers' })
      .option('sort', { ...text, describe: 'Field to sort by, with :desc for descending order (default customerCode)' })
      .option('page-size', { ...text, describe: 'Customers per page of the API (default 1000)' })
      .option('mirror', {
        type: 'boolean',
        default: true,
        describe: 'Use the local copy of the customers, after updating it; --no-mirror reads all pages',
      })
      .option('formulas', {
        choices: ['escape', 'raw'] as const,
        describe: 'How to write CSV text that looks like a formula: escaped (default) or unchanged',
      })
      .option('bom', { type: 'boolean', describe: 'Start a CSV file with a byte order mark, for Excel' })
      .options(notifyOption)
      .option('force', { type: 'boolean', default: false, describe: 'Replace an existing file' }),
  alertsAbout: ({ file }) => ({ command: 'export', file }),
  async run(args, reporter, describe): Promise<ExitCode> {
    const { exportCustomers } = await import('#src/app/export/export-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const { file, format, full, active, mirror, formulas, bom, force } = args;
    const toStandardOutput = file === '-';
    if (toStandardOutput && reporter.json)
      throw new UsageError('Standard output cannot take both the customers and the JSON document.', {
        code: 'USAGE',
        nextStep: 'Export to a file, or leave out --json.',
      });
    const signals = stopOnSignals(reporter);
    try {
      const options = {
        file,
        full,
        force,
        mirror,
        activeOnly: active,
        signal: signals.signal,
        ...omitUndefined({
          format,
          formulas,
          bom,
          fields: args.fields?.split(',').map((field) => field.trim()),
          changedSince: parseChangedSince(args.changedSince),
          changedUntil: parseIsoTimeOption('changed-until', args.changedUntil),
          filters: parseFilters(args.filter),
          sort: parseSortOption(args.sort),
          pageSize: parseWholeNumber('page-size', args.pageSize),
        }),
      };
      const summary = await exportCustomers(settings, options, createRunObserver(reporter));
      const rendered = renderExport(summary);
      describe(describeExport(summary));
      if (toStandardOutput) reporter.info(rendered);
      else await reporter.result(rendered, summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});

/** The series that `last` means when it is not named. */
const defaultSeries = 'export';

function parseChangedSince(value: string | undefined): ChangedSince | undefined {
  const series = /^last(?::([\w.-]+))?$/.exec(value ?? '');
  if (series !== null) return { last: series[1] ?? defaultSeries };
  return parseIsoTimeOption('changed-since', value);
}
