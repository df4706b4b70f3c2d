import {
  type DescribedCommand,
  type DescribedOption,
  describeCommands,
  describeOutputOptions,
} from './describe-commands.js';

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
    'These say whose customers a command is about, and how fast it may go. Commands take them all, also where they have no use for one, so that a script can give the same ones to each:',
    table(shared),
    'Where a value comes from when no option gives it: [security](security.md#settings). `mypos-customers doctor` shows each with its origin.',
    ...commands.map((command) => renderCommand(command, shared)),
    '## completion',
    'Print a script that completes commands and options in your shell: `mypos-customers completion bash >> ~/.bashrc`, `completion zsh` or `completion fish`.',
  ].join('\n\n')}\n`;
}

function renderCommand(command: DescribedCommand, shared: readonly DescribedOption[]): string {
  const own = [...command.positionals, ...command.options].filter(
    (option) => !option.hidden && !shared.some(({ name }) => name === option.name),
  );
  const positional = new Set(command.positionals.map(({ name }) => name));
  return [
    `## ${command.name}`,
    `\`mypos-customers ${command.command}\``,
    `${command.describe}.`,
    ...(own.length === 0 ? [] : [table(own, positional)]),
    ...(command.examples.length === 0
      ? []
      : [command.examples.map(([line, what]) => `- \`${line.replace('$0', 'mypos-customers')}\`: ${what}`).join('\n')]),
  ].join('\n\n');
}

/** Options that the most telling command has and that others have in the same words. */
function sharedOptions(commands: readonly DescribedCommand[]): readonly DescribedOption[] {
  const names = new Set([
    'profile',
    'config',
    'state-dir',
    'base-url',
    'sandbox',
    'rate',
    'pace',
    'concurrency',
    'timeout',
    'ca-file',
  ]);
  const [first] = commands;
  return (first?.options ?? []).filter(({ name }) => names.has(name));
}

function table(options: readonly DescribedOption[], positional: ReadonlySet<string> = new Set()): string {
  const rows = options.map((option) => [
    `\`${positional.has(option.name) ? option.name : `--${option.name}`}\`${option.kind === 'list' ? ' …' : ''}`,
    `${option.describe}${valuesOf(option)}`,
  ]);
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, what]) => `| ${name} | ${what?.replaceAll(/[|<]/g, '\\$&')} |`),
  ].join('\n');
}

function valuesOf({ choices, default: usual }: DescribedOption): string {
  const parts = [
    ...(choices === undefined ? [] : [choices.map((choice) => `\`${choice}\``).join(', ')]),
    ...(usual === undefined || usual === false ? [] : [`default \`${String(usual)}\``]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
