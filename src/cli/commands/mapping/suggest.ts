import type { Choices } from '#pipelines/mapping/suggest/suggestion.js';
import { canAsk } from '#src/cli/ask.js';
import { askAbout } from '#src/cli/ask-about.js';
import { defineCommand } from '#src/cli/command.js';
import { inputFile, present, proposalOptions, readOptions } from '#src/cli/common-options.js';
import { type ReadArguments, toReadOptions } from '#src/cli/option-values.js';
import { renderSuggestion } from '#src/cli/render-suggestion.js';
import { renderDetection } from '#src/cli/render-summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { type ExitCode, exitCodes } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

export const suggestCommand = defineCommand({
  command: 'suggest <file>',
  describe: 'Propose a mapping for a file, from the names of its columns and their values',
  examples: [['$0 mapping suggest customers.xlsx', 'writes mappings.json; on a terminal, asks where it is unsure']],
  options: (yargs) =>
    proposalOptions(inputFile(readOptions(yargs), 'The file to look at; - reads standard input'))
      .option('output', { ...text, describe: 'Where to write the mapping (default mappings.json)' })
      .option('force', { type: 'boolean', default: false, describe: 'Replace a mapping that is there' })
      .option('yes', { type: 'boolean', default: false, describe: 'Ask nothing; take the likeliest' }),
  run: (args, reporter) => runSuggest(args, reporter),
});

interface SuggestArguments extends ReadArguments {
  readonly file: string;
  readonly output?: string | undefined;
  readonly force: boolean;
  readonly customColumns?: boolean | undefined;
  readonly dateOrder?: 'day' | 'month' | undefined;
  readonly decimal?: '.' | ',' | undefined;
  readonly yes: boolean;
}

async function runSuggest(args: SuggestArguments, reporter: Reporter): Promise<ExitCode> {
  const { suggestMappingFor } = await import('#src/library/mapping/suggest-mapping.js');
  const { file, output = 'mappings.json', force, customColumns, dateOrder, decimal } = args;
  const choices: Choices = present({ customColumns, dateOrder, decimal });
  const isAsked = canAsk() && file !== '-';
  const ask = isAsked && !args.yes && !reporter.json && !reporter.quiet ? askAbout() : undefined;
  const suggested = await suggestMappingFor({ file, ...toReadOptions(args), output, force, choices }, ask, {
    opened: ({ file: name, detected, rows }) => reporter.remark(renderDetection(name, detected, rows)),
    notice: ({ message }) => reporter.warn(message),
  });
  await reporter.result(renderSuggestion(suggested), suggested);
  return exitCodes.done;
}
