import yargs, { type Argv } from 'yargs';
import type { Command, CommandUsage } from '#src/cli/command.js';
import { loadCommands } from '#src/cli/commands.js';
import { outputOptions } from '#src/cli/common-options.js';

export interface DescribedOption {
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

export interface DescribedCommand extends CommandUsage {
  readonly name: string;
  readonly positionals: readonly DescribedOption[];
  readonly options: readonly DescribedOption[];
}

const commands = await loadCommands();

/** What yargs has, and its types leave out. */
interface Declared {
  getOptions(): {
    readonly key: Readonly<Record<string, unknown>>;
    readonly boolean: readonly string[];
    readonly array: readonly string[];
    readonly choices: Readonly<Record<string, readonly string[]>>;
    readonly default: Readonly<Record<string, unknown>>;
    readonly demandedOptions: Readonly<Record<string, unknown>>;
    readonly hiddenOptions: readonly string[];
  };
  getGroups(): Readonly<Record<string, readonly string[]>>;
  getInternalMethods(): {
    getUsageInstance(): { getDescriptions(): Readonly<Record<string, string | undefined>> };
  };
}

/** Every command with its options, as they are declared: for the page of commands and for the test that freezes them. */
export function describeCommands(): readonly DescribedCommand[] {
  return commands.flatMap(({ members, name, ...rest }) => {
    if (members === undefined) return [describe({ name, ...rest })];
    return members
      .map(describe)
      .map((one) => ({ ...one, name: `${name} ${one.name}`, command: `${name} ${one.command}` }));
  });
}

/** Options that every command takes; {@link describeCommands} leaves them out. */
export function describeOutputOptions(): readonly DescribedOption[] {
  return optionsOf(outputOptions(yargs([])) as unknown as Declared);
}

function describe(command: Command): DescribedCommand {
  const declared = declarationOf(command);
  const everywhere = new Set([...describeOutputOptions().map(({ name }) => name), 'help', 'version']);
  const positional = new Set(declared.getGroups()['Positionals:'] ?? []);
  const all = optionsOf(declared).filter(({ name }) => !everywhere.has(name));
  return {
    name: command.name,
    ...command.usage,
    positionals: all.filter(({ name }) => positional.has(name)),
    options: all.filter(({ name }) => !positional.has(name)),
  };
}

/** Mounts the command on a parser that only listens, and lets it declare itself on a fresh one. */
function declarationOf(command: Command): Declared {
  const fresh = outputOptions(yargs([]));
  const listener = {
    command: (_name: string, _describe: string, builder: (own: Argv) => unknown) => builder(fresh),
  };
  command.mount(listener as unknown as Argv, () => Promise.resolve());
  return fresh as unknown as Declared;
}

function optionsOf(declared: Declared): readonly DescribedOption[] {
  const options = declared.getOptions();
  const descriptions = declared.getInternalMethods().getUsageInstance().getDescriptions();
  return Object.keys(options.key).map((name) => ({
    name,
    kind: options.boolean.includes(name) ? 'switch' : options.array.includes(name) ? 'list' : 'text',
    describe: (descriptions[name] ?? '').replace('__yargsString__:', ''),
    ...(options.choices[name] === undefined ? {} : { choices: options.choices[name] }),
    ...(options.default[name] === undefined ? {} : { default: options.default[name] }),
    required: Object.hasOwn(options.demandedOptions, name),
    hidden: options.hiddenOptions.includes(name),
  }));
}
