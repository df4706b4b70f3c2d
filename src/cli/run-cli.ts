import yargs, { type Argv } from 'yargs';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { CustomersError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { version } from '#src/version.js';
import type { Command } from './command.js';
import { commandNames, loadCommands } from './commands.js';
import { outputOptions } from './common-options.js';

import { createReporter, type OutputChoice, type Streams } from './reporter.js';
import { helpWidth } from './stored-pages.js';
import { usageFact } from './usage-facts.js';

const processStreams: Streams = { stdout: process.stdout, stderr: process.stderr, environment: process.env };

/** Runs one command line. Never throws; the exit code says how it ended. */
export async function runCli(given: readonly string[], streams: Streams = processStreams): Promise<ExitCode> {
  const argv = asOption(given);
  const commands = await loadCommands(argv[0]);
  let exitCode: ExitCode = exitCodes.done;
  const parser = declare(argv, commands, streams, (code) => {
    exitCode = code;
  });
  try {
    await parser.parseAsync();
  } catch (error) {
    const known = error instanceof CustomersError ? error : asUsageError(error, argv, commands);
    exitCode = createReporter(outputOf(argv), streams).fail(known);
  }
  return exitCode;
}

function declare(
  argv: readonly string[],
  commands: readonly Command[],
  streams: Streams,
  onExit: (code: ExitCode) => void,
): Argv {
  const parser: Argv = outputOptions(yargs([...argv]))
    .scriptName('mypos-customers')
    .usage('$0 <command>\n\nMove customers between files and the MYPOS Connect Customers API.')
    .version(version())
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
    })
    // It is handed the parser too, which the types of yargs leave out.
    .middleware(keepLast as unknown as (args: object) => void, true)
    .strict()
    .demandCommand(1, 'Name a command; `mypos-customers --help` lists them.')
    .exitProcess(false)
    .wrap(helpWidth(process.stdout.columns))
    // All else is said in English; and what yargs complains of is known by its words.
    .locale('en')
    .help()
    .alias('help', 'h')
    .fail((message, error) => {
      throw error ?? wrongUsage(message, argv, commands, optionsOf(parser));
    });
  for (const command of commands)
    command.mount(parser, async (work) => {
      // While the command works, yargs makes its help once more, which nobody sees: breaking the lines takes longest.
      parser.wrap(null);
      const reporter = createReporter(outputOf(argv), streams);
      try {
        onExit(await work(reporter));
      } catch (error) {
        onExit(reporter.fail(error));
      }
    });
  return parser
    .command(
      'help [command]',
      'Show what a command does, with examples',
      (own) => own.positional('command', { choices: names.filter((name) => name !== 'help') }),
      () => undefined,
    )
    .completion('completion', 'Print a script that completes commands in your shell', complete);
}

/** What yargs has, and its types leave out. */
interface DeclaredOptions {
  getOptions(): Readonly<Record<'string' | 'boolean' | 'array', readonly string[]>> & { readonly key: object };
}

/** An option that is given twice counts as it was given last, as in most commands; yargs would make a list of it. */
function keepLast(args: Record<string, unknown>, parser: DeclaredOptions): void {
  const { string, boolean, array } = parser.getOptions();
  const single = [...string, ...boolean].filter((name) => !array.includes(name));
  for (const name of single.flatMap((dashed) => [dashed, camelCase(dashed)])) {
    const value = args[name];
    if (Array.isArray(value)) args[name] = value.at(-1);
  }
}

/** Names of all options of the command that is at work. */
function optionsOf(parser: Argv): readonly string[] {
  return Object.keys((parser as unknown as DeclaredOptions).getOptions().key);
}

function camelCase(dashed: string): string {
  return dashed.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What may come first on a command line. */
const names: readonly string[] = [...commandNames, 'help', 'completion'];

/** `help import` is `import --help`; `completion zsh` is what yargs does when the shell is zsh. */
function asOption(argv: readonly string[]): readonly string[] {
  const [command, topic] = argv;
  if (command === 'completion' && topic !== undefined && /^(bash|zsh|fish)$/.test(topic)) {
    process.env.SHELL = topic;
    return ['completion'];
  }
  if (command !== 'help') return argv;
  if (topic === undefined || topic.startsWith('-')) return ['--help'];
  // What is no command is told so, as everywhere.
  return names.includes(topic) ? [topic, '--help'] : [topic];
}

/** Options only once a dash says so: until then the shell's own completion offers files, which is what is wanted. */
function complete(
  current: string,
  _: unknown,
  offer: (done: (error: Error | null, words: string[] | undefined) => void) => void,
  done: (words: string[]) => void,
): void {
  offer((_error, words = []) => done(words.filter((word) => current.startsWith('-') || !word.startsWith('-'))));
}

/** Errors of yargs itself have no class of their own; anything with another one is a bug. */
function asUsageError(error: unknown, argv: readonly string[], commands: readonly Command[]): unknown {
  return error instanceof Error && error.name === 'YError'
    ? wrongUsage(error.message, argv, commands, [], error)
    : error;
}

/** What yargs complains of, and where to look it up; a command that is none is told of before its options are. */
function wrongUsage(
  message: string,
  argv: readonly string[],
  commands: readonly Command[],
  options: readonly string[],
  cause?: unknown,
): UsageError {
  const given = argv[0] ?? '-';
  if (!given.startsWith('-') && !names.includes(given))
    return new UsageError(`There is no command "${given}": ${offerNames(given, names)}`, {
      code: 'COMMAND_UNKNOWN',
      nextStep: 'All of them: `mypos-customers --help`.',
      cause,
    });
  const members = commands.find(({ name }) => name === given)?.members?.map(({ name }) => name);
  const member = argv[1] ?? '-';
  if (members !== undefined && !member.startsWith('-') && !members.includes(member))
    return new UsageError(`There is no command "${given} ${member}": ${offerNames(member, members)}`, {
      code: 'COMMAND_UNKNOWN',
      nextStep: `All of them: \`mypos-customers ${given} --help\`.`,
      cause,
    });
  const topic = members?.includes(member) ? `${given} ${member}` : given;
  const page = names.includes(given) ? `${topic} --help` : '--help';
  const fact = message.startsWith('Not enough non-option arguments')
    ? `What shall ${given} work on?`
    : usageFact(message, argv, options);
  return new UsageError(fact, { code: 'USAGE', nextStep: `See \`mypos-customers ${page}\`.`, cause });
}

function outputOf(argv: readonly string[]): OutputChoice {
  const given = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const has = (name: string) => given.includes(`--${name}`) || given.includes(`--${name}=true`);
  return { argv, json: has('json'), quiet: has('quiet'), verbose: has('verbose') };
}
