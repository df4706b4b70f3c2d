import { modes } from '../../../pipelines/mapping/mapping.js';
import { resolveSettings } from '../../config/resolve-settings.js';
import type { ExitCode } from '../../errors.js';
import { defineCommand } from '../command.js';
import {
  inputFile,
  mappingOption,
  present,
  readOptions,
  settingOptions,
  strictOption,
  toSettingOptions,
} from '../common-options.js';
import { failureLimit, seconds, toReadOptions, wholeNumber } from '../option-values.js';
import { renderSummary } from '../render-summary.js';
import { rowObserver } from '../row-observer.js';
import { stopOnSignals } from '../stop-signals.js';
import { runCheck } from './check.js';

const text = { type: 'string', requiresArg: true } as const;

export const importCommand = defineCommand({
  command: 'import <file>',
  describe: 'Add customers from CSV, XLSX or NDJSON; - reads standard input',
  examples: [
    ['$0 import customers.csv --mode add --first 5', 'a pilot of five rows'],
    ['$0 import customers.csv --mode add', 'the whole file'],
  ],
  options: (yargs) =>
    strictOption(
      inputFile(readOptions(mappingOption(settingOptions(yargs))), 'The file to import; - reads standard input'),
    )
      .option('mode', { choices: modes, describe: 'What to do with each row (default: the mapping’s, else upsert)' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only read, map and validate (as check)' })
      .option('results', { ...text, describe: 'Result file, .csv or .xlsx (default <input>.results.csv)' })
      .option('rejects', { ...text, describe: 'File of the rows to mend (default <input>.rejects.csv)' })
      .option('first', { ...text, describe: 'Only so many rows from the top: a pilot' })
      .option('max-failures', { ...text, describe: 'Stop after so many failed rows, or p% of them (default 10%)' })
      .option('verify', {
        type: 'boolean',
        default: false,
        describe: 'Read every written customer back and say what the API made of it',
      })
      .option('repeats', {
        choices: ['error', 'in-order'] as const,
        default: 'error' as const,
        describe: 'Rows for the same customer that differ: an error, or sent in file order',
      })
      .option('settle', { ...text, describe: 'Seconds before a lost add counts as never made (default 10)' })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Start anew although an earlier run is unfinished; add equal customers again',
      }),
  async run(args, reporter): Promise<ExitCode> {
    if (args.dryRun) return runCheck(args, reporter);
    const { importFile } = await import('../../library/import-file.js');
    const settings = resolveSettings(toSettingOptions(args));
    const { file, mode, results, rejects, force, verify, repeats, strict } = args;
    const signals = stopOnSignals(reporter);
    const observer = rowObserver(reporter);
    try {
      const summary = await importFile(
        settings,
        {
          file,
          force,
          verify,
          repeats,
          strict,
          signal: signals.signal,
          ...toReadOptions(args),
          ...present({
            failureLimit: failureLimit(args.maxFailures),
            mode,
            results,
            rejects,
            first: wholeNumber('first', args.first),
            settleMs: seconds('settle', args.settle),
          }),
        },
        observer,
      );
      await reporter.result(renderSummary(summary), summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});
