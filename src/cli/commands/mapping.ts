import { formatCount } from '#pipelines/format-count.js';
import type { Choices } from '#pipelines/mapping/suggest/suggestion.js';
import { defineCommand, defineGroup, stopOnSignals } from '#src/cli/command.js';
import {
  inputFilePositional,
  localOptions,
  mappingOption,
  omitUndefined,
  proposalOptions,
  type ReadArguments,
  readOptions,
  type SettingArguments,
  settingOptions,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { isInteractive } from '#src/cli/prompts/ask.js';
import { createMappingPrompt } from '#src/cli/prompts/ask-mapping-questions.js';
import { renderMappingCheck, renderMappingTest, renderSuggestion } from '#src/cli/render/mapping.js';
import { renderDetection } from '#src/cli/render/summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { type ExitCode, exitCodes } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

const suggestCommand = defineCommand({
  command: 'suggest <file>',
  describe: 'Propose a mapping for a file, based on column names and values',
  examples: [
    ['$0 mapping suggest customers.xlsx', 'writes mappings.json; on a terminal, asks if it is unsure'],
    ['$0 mapping suggest customers.xlsx --live', 'also finds a free customer field to store the key in'],
  ],
  options: (yargs) =>
    proposalOptions(
      inputFilePositional(readOptions(settingOptions(yargs)), 'The file to analyse; - reads standard input'),
    )
      .option('live', {
        type: 'boolean',
        default: false,
        describe: 'Look at customers at the API for a free field to store the key in',
      })
      .option('output', { ...text, describe: 'Where to write the mapping (default mappings.json)' })
      .option('force', { type: 'boolean', default: false, describe: 'Replace an existing mapping' })
      .option('yes', { type: 'boolean', default: false, describe: 'Ask nothing: use the most likely answers' }),
  run: (args, reporter) => runSuggest(args, reporter),
});

interface SuggestArguments extends SettingArguments, ReadArguments {
  readonly file: string;
  readonly output?: string | undefined;
  readonly force: boolean;
  readonly live: boolean;
  readonly customColumns?: boolean | undefined;
  readonly dateOrder?: 'day' | 'month' | undefined;
  readonly decimal?: '.' | ',' | undefined;
  readonly yes: boolean;
}

async function runSuggest(args: SuggestArguments, reporter: Reporter): Promise<ExitCode> {
  const { suggestMappingFor } = await import('#src/app/mapping/suggest-mapping.js');
  const { file, output = 'mappings.json', force, customColumns, dateOrder, decimal } = args;
  const choices: Choices = omitUndefined({ customColumns, dateOrder, decimal });
  const isAsked = isInteractive() && file !== '-';
  const ask = isAsked && !args.yes && !reporter.json && !reporter.quiet ? createMappingPrompt() : undefined;
  const signals = stopOnSignals(reporter);
  const live = args.live ? { findFreeField: () => findField(args, signals.signal) } : {};
  try {
    const options = { file, ...toReadOptions(args), output, force, choices, ...live };
    const suggested = await suggestMappingFor(options, ask, {
      opened: ({ file: name, detected, rows }) => reporter.info(renderDetection(name, detected, rows)),
      notice: ({ message }) => reporter.warn(message),
    });
    await reporter.result(renderSuggestion(suggested), suggested);
    return exitCodes.done;
  } finally {
    signals.release();
  }
}

async function findField(args: SettingArguments, signal: AbortSignal) {
  const { findFreeField } = await import('#src/app/mapping/live-customers.js');
  return findFreeField(resolveSettings(toSettingOptions(args)), signal);
}

const mappingCheckCommand = defineCommand({
  command: 'check [file]',
  describe: 'Check a mapping: by itself, against a file, and against the API',
  examples: [
    ['$0 mapping check', 'all errors in mappings.json, with their lines'],
    [
      '$0 mapping check customers.csv --live',
      'also against the columns and values of the file, and the fields of the API',
    ],
  ],
  options: (yargs) =>
    readOptions(mappingOption(settingOptions(yargs)))
      .positional('file', { type: 'string', describe: 'A file to test the mapping with' })
      .option('live', { type: 'boolean', default: false, describe: 'Compare with customers in the API' })
      .option('write-schema', {
        type: 'boolean',
        default: false,
        describe: 'Write mappings.schema.json next to the mapping; with --live, including the fields found',
      }),
  run: (args, reporter) => runMappingCheck(args, reporter),
});

interface MappingCheckArguments extends SettingArguments, ReadArguments {
  readonly file?: string | undefined;
  readonly live: boolean;
  readonly writeSchema: boolean;
}

async function runMappingCheck(args: MappingCheckArguments, reporter: Reporter): Promise<ExitCode> {
  const { checkMapping } = await import('#src/app/mapping/check-mapping.js');
  const settings = resolveSettings(toSettingOptions(args));
  const signals = stopOnSignals(reporter);
  try {
    const { live, writeSchema } = args;
    const options = { ...toReadOptions(args), ...omitUndefined({ file: args.file }), live, writeSchema };
    const check = await checkMapping(settings, options, signals.signal);
    await reporter.result(renderMappingCheck(check), check);
    return check.exitCode;
  } finally {
    signals.release();
  }
}

const templateCommand = defineCommand({
  command: 'template <file>',
  describe: 'Write an empty workbook with the columns of the mapping, for people to fill in',
  examples: [['$0 mapping template customers.xlsx', 'with drop-downs, formats, and a sheet that explains each column']],
  options: (yargs) =>
    mappingOption(localOptions(yargs))
      .positional('file', { type: 'string', demandOption: true, describe: 'The workbook to write' })
      .option('force', { type: 'boolean', default: false, describe: 'Replace an existing workbook' }),
  async run(args, reporter) {
    const { makeTemplate } = await import('#src/app/mapping/make-template.js');
    const settings = resolveSettings(toSettingOptions(args));
    const template = await makeTemplate(settings, { file: args.file, force: args.force });
    const { file, mapping, sheet, columns } = template;
    await reporter.result(
      `Written: ${file}, sheet "${sheet}" with the ${formatCount(columns.length, 'column')} of ${mapping}.`,
      template,
    );
    return exitCodes.done;
  },
});

const mappingTestCommand = defineCommand({
  command: 'test [files..]',
  describe: 'Run the test cases in *.mapping-test.json next to the mapping',
  examples: [['$0 mapping test', 'shows rows that no longer produce the expected customers']],
  options: (yargs) =>
    mappingOption(localOptions(yargs)).positional('files', {
      type: 'string',
      array: true,
      describe: 'Files of test cases (default: all next to the mapping)',
    }),
  async run(args, reporter) {
    const { testMapping } = await import('#src/app/mapping/test-mapping.js');
    const run = await testMapping(resolveSettings(toSettingOptions(args)), args.files ?? []);
    await reporter.result(renderMappingTest(run), run);
    return run.exitCode;
  },
});

const matchCommand = defineCommand({
  command: 'match <fields..>',
  describe: 'Let rows find their customers by these fields; sets "match" in the mapping',
  examples: [
    ['$0 mapping match emailAddress', 'by the e-mail address'],
    ['$0 mapping match emailAddress phoneNumber+customerName', 'else by phone and name together'],
  ],
  options: (yargs) =>
    mappingOption(localOptions(yargs)).positional('fields', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Fields, tried in turn; those that must all fit are joined by +',
    }),
  async run(args, reporter) {
    const { setMatch } = await import('#src/app/mapping/set-match.js');
    const set = await setMatch(resolveSettings(toSettingOptions(args)), args.fields);
    const match = JSON.stringify(set.match.length === 1 ? set.match[0] : set.match);
    const done = set.isUnchanged ? 'has it already' : 'written';
    await reporter.result(`${set.mapping}: "match": ${match} (${done})\nNext: import the file again.`, set);
    return exitCodes.done;
  },
});

export const mappingCommand = defineGroup('mapping', 'Create, check and test a mapping', [
  suggestCommand,
  mappingCheckCommand,
  templateCommand,
  mappingTestCommand,
  matchCommand,
]);
