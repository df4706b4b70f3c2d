import yargs, { type Argv } from 'yargs';
import type { Command, CommandUsage } from '#src/cli/command.js';
import { outputOptions } from '#src/cli/options.js';
import { type DeclaredOption, recordOptions } from '#src/cli/record-options.js';
import { loadCommands } from '#src/cli/run-cli.js';
import { settingOptionDeclarations } from '#src/config/settings.js';

interface DescribedOption {
  readonly name: string;
  readonly kind: 'text' | 'switch' | 'list';
  readonly describe: string;
  readonly choices?: readonly string[];
  /** Of a switch or a choice; texts say their default in words. */
  readonly default?: unknown;
  readonly required: boolean;
  /** Taken, but without effect for this command. */
  readonly hidden: boolean;
}

interface DescribedCommand extends CommandUsage {
  readonly name: string;
  readonly positionals: readonly DescribedOption[];
  readonly options: readonly DescribedOption[];
}

const commands = await loadCommands();

/** Every command with its options, as they are declared: for the page of commands and for the test that freezes them. */
export function describeCommands(): readonly DescribedCommand[] {
  return commands.flatMap(({ members, name, ...rest }) => {
    if (members === undefined) return [describeCommand({ name, ...rest })];
    return members
      .map(describeCommand)
      .map((member) => ({ ...member, name: `${name} ${member.name}`, command: `${name} ${member.command}` }));
  });
}

/** Options that every command takes; {@link describeCommands} leaves them out. */
export function describeOutputOptions(): readonly DescribedOption[] {
  const { parser, declared } = recordOptions(yargs([]));
  outputOptions(parser);
  return [...builtInSwitches, ...[...declared.values()].map(describeOption)];
}

/** What yargs adds by itself. */
const builtInSwitches = [
  { name: 'help', describe: 'Show help' },
  { name: 'version', describe: 'Show version number' },
].map((option): DescribedOption => ({ ...option, kind: 'switch', required: false, hidden: false }));

function describeCommand(command: Command): DescribedCommand {
  const declared = readDeclaration(command);
  const describe = (isPositional: boolean) =>
    declared.filter((option) => option.isPositional === isPositional).map(describeOption);
  return { name: command.name, ...command.usage, positionals: describe(true), options: describe(false) };
}

/** Mounts the command on a parser that only listens, and lets it declare itself on a fresh one. */
function readDeclaration(command: Command): readonly DeclaredOption[] {
  const { parser, declared } = recordOptions(yargs([]));
  const listener = {
    command: (_name: string, _describe: string, builder: (parser: Argv) => unknown) => builder(parser),
  };
  command.mount(listener as unknown as Argv, () => Promise.resolve());
  return [...declared.values()];
}

function describeOption(option: DeclaredOption): DescribedOption {
  const { name, type, array, describe, choices, default: initial, demandOption, hidden, isPositional } = option;
  return {
    name,
    kind: type === 'boolean' ? 'switch' : array === true && !isPositional ? 'list' : 'text',
    describe,
    ...(choices === undefined ? {} : { choices: choices.map(String) }),
    ...(initial === undefined ? {} : { default: initial }),
    required: demandOption === true && !isPositional,
    hidden: hidden === true,
  };
}

/** The page of all commands, from their own declarations. */
export function renderCommandsPage(): string {
  const commands = describeCommands();
  const shared = sharedOptions(commands);
  return `${[
    '<!-- Made by `npm run docs`. Do not edit: the commands declare what stands here. -->',
    '# Commands',
    'What each command and option does. `mypos-customers help <command>` shows the same in the terminal.',
    commands
      .map(({ name, describe }) => `- [\`${name}\`](#${name.replace(' ', '-')}): ${lowerFirst(describe)}`)
      .join('\n'),
    '## Options of every command',
    table(describeOutputOptions().filter(({ name }) => name !== 'version')),
    'These options choose the account and the speed. Every command that connects to the API accepts all of them, even those that it does not need, so that a script can pass the same options to each:',
    table(shared),
    'Where a value comes from when no option gives it: [security](security.md#settings). `mypos-customers doctor` shows each with its origin.',
    ...commands.map((command) => renderCommand(command, shared)),
    '## completion',
    'Print a script that completes commands and options in your shell: `mypos-customers completion bash >> ~/.bashrc`, `completion zsh` or `completion fish`.',
  ].join('\n\n')}\n`;
}

function renderCommand(command: DescribedCommand, shared: readonly DescribedOption[]): string {
  const options = [...command.positionals, ...command.options].filter(
    (option) => !option.hidden && !shared.some(({ name }) => name === option.name),
  );
  const positional = new Set(command.positionals.map(({ name }) => name));
  return [
    `## ${command.name}`,
    `\`mypos-customers ${command.command}\``,
    `${command.describe}.`,
    ...(options.length === 0 ? [] : [table(options, positional)]),
    ...(command.examples.length === 0
      ? []
      : [command.examples.map(([line, what]) => `- \`${line.replace('$0', 'mypos-customers')}\`: ${what}`).join('\n')]),
  ].join('\n\n');
}

/** Options that the most telling command has and that others have in the same words. */
function sharedOptions(commands: readonly DescribedCommand[]): readonly DescribedOption[] {
  const settings = settingOptionDeclarations.filter(({ name }) => name !== 'mapping').map(({ option }) => option);
  const names = new Set(['profile', 'config', ...settings]);
  const [first] = commands;
  return (first?.options ?? []).filter(({ name }) => names.has(name));
}

function table(options: readonly DescribedOption[], positional: ReadonlySet<string> = new Set()): string {
  const rows = options.map((option) => [
    `\`${positional.has(option.name) ? option.name : `--${option.name}`}\`${option.kind === 'list' ? ' …' : ''}`,
    `${option.describe}${describeValues(option)}`,
  ]);
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, what]) => `| ${name} | ${what?.replaceAll(/[|<]/g, '\\$&')} |`),
  ].join('\n');
}

function describeValues({ choices, default: initial }: DescribedOption): string {
  const parts = [
    ...(choices === undefined ? [] : [choices.map((choice) => `\`${choice}\``).join(', ')]),
    ...(initial === undefined || initial === false ? [] : [`default \`${String(initial)}\``]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
