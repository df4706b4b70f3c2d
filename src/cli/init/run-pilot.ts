import { existsSync } from 'node:fs';
import type { Choices } from '#pipelines/mapping/suggest/suggestion.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { importFile } from '#src/app/import/import-file.js';
import type { SavedProfile } from '#src/app/init/profile.js';
import { type SuggestedMapping, suggestMappingFor } from '#src/app/mapping/suggest-mapping.js';
import type { RunSummary } from '#src/app/run-summary.js';
import { createRunObserver } from '#src/cli/progress.js';
import { ask, askChoice, askYesNo } from '#src/cli/prompts/ask.js';
import { createMappingPrompt } from '#src/cli/prompts/ask-mapping-questions.js';
import { renderProposal } from '#src/cli/render/mapping.js';
import { renderDetection } from '#src/cli/render/summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { omitLogin, resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions } from '#src/config/settings.js';
import { InputError, UsageError } from '#src/errors.js';
import type { Pilot } from './init-result.js';
import type { VerifiedLogin } from './obtain-login.js';

interface MappingArguments {
  readonly file: string | undefined;
  /** Where the mapping is, or goes. */
  readonly output: string;
  /** Replace a mapping that is there. */
  readonly force: boolean;
  readonly read: ReadOptions;
  readonly choices: Choices;
}

/** The file of customers and its mapping, proposed now or there before. */
export interface ChosenMapping {
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
): Promise<ChosenMapping | undefined> {
  let { file } = args;
  for (;;) {
    file ??= mayAsk ? await askForFile() : undefined;
    if (file === undefined) return undefined;
    try {
      return await proposeMapping({ ...args, file }, mayAsk, reporter);
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

async function proposeMapping(
  { file, output, force, read, choices }: MappingArguments & { readonly file: string },
  mayAsk: boolean,
  reporter: Reporter,
): Promise<ChosenMapping> {
  const isThere = existsSync(output);
  const isReplaced =
    force || (isThere && mayAsk && (await askYesNo(`The mapping ${output} already exists. Replace it?`, false)));
  if (isThere && !isReplaced) {
    reporter.info(`The mapping ${output} already exists; it was not changed.`);
    return { file, output };
  }
  const options = { file, ...read, output, force: isReplaced, choices };
  const suggested = await suggestMappingFor(options, mayAsk ? createMappingPrompt() : undefined, {
    opened: ({ file: name, detected, rows }) => reporter.info(renderDetection(name, detected, rows)),
    notice: ({ message }) => reporter.warn(message),
  });
  reporter.info(`${renderProposal(suggested).join('\n')}\n`);
  return { file, output, suggested };
}

/** All that was set up. */
export interface SetUpParts {
  readonly login: VerifiedLogin | undefined;
  readonly profile: SavedProfile | undefined;
  readonly mapping: ChosenMapping | undefined;
  /** Rows of the pilot. */
  readonly first: number;
}

/** Nothing is ever sent without a plain word for it: that of an option, or of an answer. */
export async function choosePilot(
  option: Pilot | undefined,
  { login, mapping, first }: SetUpParts,
  mayAsk: boolean,
): Promise<Pilot> {
  if (mapping === undefined || login === undefined) return chooseSandboxPilot(option, mapping, first, mayAsk);
  if (option !== undefined || !mayAsk) return option ?? 'none';
  const question =
    `Import the first ${first} rows of ${mapping.file} now?\n` +
    `  account: they become real customers at ${login.baseUrl} (the command \`undo\` removes them again)\n` +
    '  sandbox: into the sandbox on this machine; nothing is sent over the network\n' +
    '[account/sandbox/none, default: none] ';
  return askChoice(question, ['none', 'account', 'sandbox'] as const);
}

async function chooseSandboxPilot(
  option: Pilot | undefined,
  mapping: ChosenMapping | undefined,
  first: number,
  mayAsk: boolean,
): Promise<Pilot> {
  if (mapping === undefined) return 'none';
  if (option !== undefined || !mayAsk) return option === undefined || option === 'none' ? 'none' : 'sandbox';
  const question = `Import the first ${first} rows of ${mapping.file} into the sandbox on this machine?`;
  return (await askYesNo(question, true)) ? 'sandbox' : 'none';
}

interface PilotRun {
  readonly summary: RunSummary;
  /** The command line that would have done the same. */
  readonly argv: readonly string[];
}

/** An ordinary import of the first rows. */
export async function runPilot(
  pilot: Pilot,
  { mapping, profile, first }: SetUpParts,
  options: SettingOptions,
  read: ReadOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<PilotRun | undefined> {
  if (pilot === 'none' || mapping === undefined) return undefined;
  const { baseUrl: _kept, profile: _name, ...others } = options;
  const target = pilot === 'sandbox' || profile === undefined ? { sandbox: true } : { profile: profile.name };
  const settings = resolveSettings({ ...others, ...target, mapping: mapping.output }, omitLogin(process.env));
  const argv = buildCommandLine(mapping, profile, target, options, first);
  const observer = createRunObserver(reporter.withArguments(argv));
  const summary = await importFile(settings, { file: mapping.file, first, ...read, signal }, observer);
  return { summary, argv };
}

function buildCommandLine(
  { file, output }: ChosenMapping,
  profile: SavedProfile | undefined,
  own: SettingOptions,
  { config, stateDir }: SettingOptions,
  first: number,
): readonly string[] {
  const named = own.profile !== undefined && profile?.isDefault === false ? ['--profile', own.profile] : [];
  return [
    ...['import', file, '--first', String(first)],
    ...(own.sandbox === true ? ['--sandbox'] : named),
    ...(config === undefined || own.sandbox === true ? [] : ['--config', config]),
    ...(stateDir === undefined ? [] : ['--state-dir', stateDir]),
    ...(output === 'mappings.json' ? [] : ['--mapping', output]),
  ];
}
