import type { ArgumentsCamelCase, Argv } from 'yargs';
import { formatCount } from '#pipelines/format-count.js';
import { modes } from '#pipelines/mapping/mapping.js';
import type { ConfirmImport } from '#src/app/import/confirm-first-import.js';
import { expandFiles } from '#src/app/import/expand-files.js';
import { type DescribeResult, describeRun } from '#src/cli/alerts.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  inputFilesPositional,
  mappingOption,
  notifyOption,
  omitUndefined,
  parseFailureLimitOption,
  parsePatience,
  parseSecondsAsMs,
  parseWholeNumber,
  readOptions,
  settingOptions,
  settleOptions,
  strictOption,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { askYesNo, createDetailsPrompt, isInteractive } from '#src/cli/prompts/ask.js';
import { renderSummary } from '#src/cli/render/summary.js';
import { renderTarget } from '#src/cli/render/target.js';
import { createErrorDocument, findOptions, type Reporter, repeatCommand, settingNames } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { chooseWorstExit, type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { runCheck } from './check.js';
import { runResume } from './resume.js';

const text = { type: 'string', requiresArg: true } as const;

const importOptions = (yargs: Argv) =>
  strictOption(
    inputFilesPositional(
      readOptions(mappingOption(settingOptions(yargs))),
      'The files to import, or patterns such as "*.csv"; - reads standard input',
    ),
  )
    .option('mode', {
      choices: modes,
      describe: 'What to do with each row (default: the mode of the mapping, otherwise upsert)',
    })
    .option('plan', { ...text, describe: 'Carry out this plan: its name, or the file it was written to' })
    .option('dry-run', { type: 'boolean', default: false, describe: 'Only read, map and validate, like check' })
    .option('results', { ...text, describe: 'Result file, .csv or .xlsx (default <input>.results.csv)' })
    .option('rejects', { ...text, describe: 'File for the rows to fix (default <input>.rejects.csv)' })
    .option('review', {
      ...text,
      describe: 'File for the rows that wait for a decision (default <input>.review.xlsx)',
    })
    .option('report', { ...text, describe: 'Also write a report of the run as an HTML file' })
    .option('first', { ...text, describe: 'Only this many rows from the top: a pilot' })
    .option('max-failures', {
      ...text,
      describe: 'Stop after this many failed rows, or this percentage of the rows (default 10%)',
    })
    .option('verify', {
      type: 'boolean',
      default: false,
      describe: 'Read every written customer back and report differences',
    })
    .option('repeats', {
      choices: ['error', 'in-order'] as const,
      default: 'error' as const,
      describe: 'What to do when rows for the same customer differ: report an error, or send them in file order',
    })
    .options(settleOptions)
    .options(notifyOption)
    .option('override-guards', {
      type: 'boolean',
      default: false,
      describe: 'Import even if a guard of the mapping or profile refuses the file',
    })
    .option('all-new', {
      type: 'boolean',
      default: false,
      describe: 'None of these rows is in the account yet: I have looked',
    })
    .option('yes', { type: 'boolean', default: false, describe: 'Do not ask before reading many customers' })
    .option('force', {
      type: 'boolean',
      default: false,
      describe:
        'Start over although an earlier run of the file is unfinished, and add customers without a key again although the same content was added before',
    });

type ImportArguments = ReturnType<typeof importOptions> extends Argv<infer A> ? ArgumentsCamelCase<A> : never;

export const importCommand = defineCommand({
  command: 'import [file..]',
  describe: 'Add or update customers from CSV, XLSX or NDJSON; - reads standard input',
  examples: [
    ['$0 import customers.csv --mode add --first 5', 'a pilot of five rows'],
    ['$0 import customers.csv', 'the whole file'],
    ['$0 import "shop-*.csv"', 'one file after the other'],
    ['$0 import --plan plan.xlsx', 'carry out a plan'],
  ],
  options: importOptions,
  alertsAbout: ({ file = [], plan }) => ({ command: 'import', file: file.length === 0 ? plan : file.join(' ') }),
  async run(args, reporter, describe): Promise<ExitCode> {
    const files = expandFiles(args.file ?? []);
    if (files.length <= 1) return importOne(args, files[0], reporter, describe);
    refuseOneFileOptions(args);
    return importSeveral(args, files, reporter, describe);
  },
});

/** Imports one file after the other, with the same options; what has to do with one file only does not keep the others waiting. */
async function importSeveral(
  args: ImportArguments,
  files: readonly string[],
  reporter: Reporter,
  describe: DescribeResult,
): Promise<ExitCode> {
  const documents: unknown[] = [];
  const exits: ExitCode[] = [];
  for (const [at, file] of files.entries()) {
    const each: Reporter = {
      ...reporter,
      result: async (text, document) => {
        documents.push(document);
        if (!reporter.json) await reporter.result(text, document);
      },
    };
    let exit: ExitCode;
    try {
      exit = await importOne(args, file, each, (result) => {
        // Alerts are about all of them, and say what the first that failed says.
        if (exits.every((code) => code === exitCodes.done)) describe({ text: result.text, facts: result.facts });
      });
    } catch (error) {
      exit = reporter.explain(error);
      documents.push({ input: { file }, ...createErrorDocument(error) });
    }
    exits.push(exit);
    const rest = files.slice(at + 1);
    if (!endsAll.has(exit) || rest.length === 0) continue;
    reporter.error(`Not imported: ${rest.join(', ')}`);
    break;
  }
  const exitCode = chooseWorstExit(exits);
  if (reporter.json) await reporter.data('', { command: 'import', exitCode, imports: documents });
  return exitCode;
}

/** What would meet the next file, too. */
const endsAll: ReadonlySet<ExitCode> = new Set([
  exitCodes.bug,
  exitCodes.sigint,
  exitCodes.sigterm,
  exitCodes.login,
  exitCodes.stoppedEarly,
  exitCodes.busy,
]);

/** @throws UsageError for an option that names one file, or one plan, for all of them */
function refuseOneFileOptions(args: ImportArguments): void {
  const { plan, results, rejects, review, report } = args;
  const [option] =
    Object.entries({ plan, results, rejects, review, report }).find(([, value]) => value !== undefined) ?? [];
  if (option === undefined) return;
  throw new UsageError(`--${option} is for one file, and several are given.`, {
    code: 'USAGE',
    nextStep: 'Leave it out: the files that belong to an input are written beside it.',
  });
}

async function importOne(
  args: ImportArguments,
  file: string | undefined,
  reporter: Reporter,
  describe: DescribeResult,
): Promise<ExitCode> {
  const { plan } = args;
  if (args.dryRun && file !== undefined) return runCheck({ ...args, file }, reporter);
  const { importFile } = await import('#src/app/import/import-file.js');
  const { AccountUnknownError, UnfinishedRunError } = await import('#src/app/import/refusals.js');
  const settings = resolveSettings(toSettingOptions(args));
  const { mode, results, rejects, review, report, force, verify, repeats, strict, overrideGuards, allNew } = args;
  const mayAsk = isInteractive() && !args.yes;
  let unfinished: { readonly run: string };
  const signals = stopOnSignals(reporter);
  const observer = createRunObserver(reporter);
  try {
    const summary = await importFile(
      settings,
      {
        force,
        verify,
        overrideGuards,
        allNew,
        repeats,
        strict,
        confirmDetails: createDetailsPrompt(settings, args.yes),
        ...(mayAsk ? { confirmImport } : {}),
        signal: signals.signal,
        ...toReadOptions(args),
        ...omitUndefined({
          file,
          plan,
          failureLimit: parseFailureLimitOption(args.maxFailures),
          mode,
          results,
          rejects,
          review,
          report,
          first: parseWholeNumber('first', args.first),
          settleMs: parseSecondsAsMs('settle', args.settle),
          patienceMs: parsePatience(args.patience, reporter.live),
        }),
      },
      observer,
    );
    await reporter.result(renderSummary(summary, reporter.argv), summary);
    describe(describeRun(summary));
    return summary.exitCode;
  } catch (error) {
    if (error instanceof UnfinishedRunError && (await askToResume(error, mayAsk, reporter))) unfinished = error;
    else if (!(error instanceof AccountUnknownError) || file === undefined) throw error;
    else throw error.forCommand(repeatCommand(reporter.argv, file, ['all-new']));
  } finally {
    signals.release();
  }
  const { run } = unfinished;
  const again = reporter.withArguments(['resume', run, ...findOptions(reporter.argv, kept)]);
  return runResume({ ...args, run }, again, describe);
}

/** Options of an import that its resumption takes too. */
const kept = [...settingNames, ...['rate', 'concurrency', 'timeout', 'report', 'max-failures', 'settle', 'patience']];

async function askToResume({ message }: Error, isAllowed: boolean, reporter: Reporter): Promise<boolean> {
  if (!isAllowed) return false;
  reporter.warn(message);
  return askYesNo('Resume it?', true);
}

const confirmImport: ConfirmImport = (rows, target) =>
  askYesNo(
    `Import ${formatCount(rows, 'row')} into ${renderTarget(target)}? It is the first import of more than 100 rows there.`,
    false,
  );
