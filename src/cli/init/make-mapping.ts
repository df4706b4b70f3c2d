import { existsSync } from 'node:fs';
import type { Choices } from '#pipelines/mapping/suggest/suggestion.js';
import { ask, askWhether } from '#src/cli/ask.js';
import { askAbout } from '#src/cli/ask-about.js';
import { proposalLines } from '#src/cli/render-suggestion.js';
import { renderDetection } from '#src/cli/render-summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { InputError, UsageError } from '#src/errors.js';
import type { ReadOptions } from '#src/library/input.js';
import { type SuggestedMapping, suggestMappingFor } from '#src/library/mapping/suggest-mapping.js';

export interface MappingArguments {
  readonly file: string | undefined;
  /** Where the mapping is, or goes. */
  readonly output: string;
  /** Replace a mapping that is there. */
  readonly force: boolean;
  readonly read: ReadOptions;
  readonly choices: Choices;
}

/** The file of customers and its mapping, proposed now or there before. */
export interface MadeMapping {
  readonly file: string;
  readonly output: string;
  /** Absent when the mapping was there already and stays. */
  readonly suggested?: SuggestedMapping;
}

/** Proposes a mapping for a file; on a terminal it asks for the file, until one can be read. */
export async function makeMapping(
  args: MappingArguments,
  mayAsk: boolean,
  reporter: Reporter,
): Promise<MadeMapping | undefined> {
  let { file } = args;
  for (;;) {
    file ??= mayAsk ? await askForFile() : undefined;
    if (file === undefined) return undefined;
    try {
      return await propose({ ...args, file }, mayAsk, reporter);
    } catch (error) {
      if (!mayAsk || !(error instanceof InputError || error instanceof UsageError)) throw error;
      reporter.warn(`${error.message}\n  ${error.nextStep ?? ''}`);
      file = undefined;
    }
  }
}

async function askForFile(): Promise<string | undefined> {
  const answer = await ask('A file of your customers, to propose a mapping for (Enter for none): ');
  // Terminals put what is dragged into them between quotation marks.
  return answer.trim().replace(/^(['"])(.*)\1$/, '$2') || undefined;
}

async function propose(
  { file, output, force, read, choices }: MappingArguments & { readonly file: string },
  mayAsk: boolean,
  reporter: Reporter,
): Promise<MadeMapping> {
  const isThere = existsSync(output);
  const isReplaced =
    force || (isThere && mayAsk && (await askWhether(`There is a mapping ${output} already. Replace it?`, false)));
  if (isThere && !isReplaced) {
    reporter.remark(`The mapping ${output} is there already and stays as it is.`);
    return { file, output };
  }
  const options = { file, ...read, output, force: isReplaced, choices };
  const suggested = await suggestMappingFor(options, mayAsk ? askAbout() : undefined, {
    opened: ({ file: name, detected, rows }) => reporter.remark(renderDetection(name, detected, rows)),
    notice: ({ message }) => reporter.warn(message),
  });
  reporter.remark(`${proposalLines(suggested).join('\n')}\n`);
  return { file, output, suggested };
}
