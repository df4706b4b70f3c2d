import { askWhether, choose } from '#src/cli/ask.js';
import type { Reporter } from '#src/cli/reporter.js';
import { rowObserver } from '#src/cli/row-observer.js';
import { resolveSettings, withoutLogin } from '#src/config/resolve-settings.js';
import type { SettingOptions } from '#src/config/settings.js';
import { importFile } from '#src/library/import-file.js';
import type { KeptProfile } from '#src/library/init/keep-profile.js';
import type { ReadOptions } from '#src/library/input.js';
import type { RunSummary } from '#src/library/run-summary.js';
import type { ProvedLogin } from './give-login.js';
import type { MadeMapping } from './make-mapping.js';
import type { Pilot } from './what-was-set-up.js';

/** All that was set up. */
export interface Ready {
  readonly login: ProvedLogin | undefined;
  readonly profile: KeptProfile | undefined;
  readonly mapping: MadeMapping | undefined;
  /** Rows of the pilot. */
  readonly first: number;
}

/** Nothing is ever sent without a plain word for it: that of an option, or of an answer. */
export async function wantedPilot(
  option: Pilot | undefined,
  { login, mapping, first }: Ready,
  mayAsk: boolean,
): Promise<Pilot> {
  if (mapping === undefined || login === undefined) return askForSandbox(option, mapping, first, mayAsk);
  if (option !== undefined || !mayAsk) return option ?? 'none';
  const question =
    `Import the first ${first} rows of ${mapping.file} now?\n` +
    `  account: they become real customers at ${login.baseUrl} (the command \`undo\` takes them back)\n` +
    '  sandbox: into the API on this machine; nothing leaves it\n' +
    '[account/sandbox/none, usual: none] ';
  return choose(question, ['none', 'account', 'sandbox'] as const);
}

async function askForSandbox(
  option: Pilot | undefined,
  mapping: MadeMapping | undefined,
  first: number,
  mayAsk: boolean,
): Promise<Pilot> {
  if (mapping === undefined) return 'none';
  if (option !== undefined || !mayAsk) return option === undefined || option === 'none' ? 'none' : 'sandbox';
  const question = `Import the first ${first} rows of ${mapping.file} into the sandbox on this machine?`;
  return (await askWhether(question, true)) ? 'sandbox' : 'none';
}

export interface PilotRun {
  readonly summary: RunSummary;
  /** The command line that would have done the same. */
  readonly argv: readonly string[];
}

/** An ordinary import of the first rows. */
export async function runPilot(
  pilot: Pilot,
  { mapping, profile, first }: Ready,
  options: SettingOptions,
  read: ReadOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<PilotRun | undefined> {
  if (pilot === 'none' || mapping === undefined) return undefined;
  const { baseUrl: _kept, profile: _name, ...others } = options;
  const own = pilot === 'sandbox' || profile === undefined ? { sandbox: true } : { profile: profile.name };
  const settings = resolveSettings({ ...others, ...own, mapping: mapping.output }, withoutLogin(process.env));
  const argv = commandLine(mapping, profile, own, options, first);
  const observer = rowObserver(reporter.as(argv));
  const summary = await importFile(settings, { file: mapping.file, first, ...read, signal }, observer);
  return { summary, argv };
}

function commandLine(
  { file, output }: MadeMapping,
  profile: KeptProfile | undefined,
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
