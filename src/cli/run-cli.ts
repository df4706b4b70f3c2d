import yargs, { type Argv } from 'yargs';
import { nearestNames, suggestNames } from '#pipelines/mapping/nearest-name.js';
import { CustomersError, type ExitCode, exitCodes, RunStoppedError, readSystemCode, UsageError } from '#src/errors.js';
import { version } from '#src/version.js';
import type { Command } from './command.js';
import { outputOptions, standardInputWord } from './options.js';
import { type DeclaredOption, type OptionRecorder, recordOptions } from './record-options.js';
import { createReporter, type OutputOptions, type Streams } from './reporter.js';

/**
 * Rewrites an error message of yargs: with options written as they are typed, and with the nearest existing one. Other
 * messages stay as they are.
 *
 * @param options - names of all options of the command
 */
function explainUsageError(message: string, argv: readonly string[], options: readonly string[]): string {
  for (const [pattern, explain] of usageMessages) {
    const found = pattern.exec(message);
    if (found !== null) return explain(found.slice(1).map(String), argv, options);
  }
  return message;
}

type Explain = (found: readonly string[], argv: readonly string[], options: readonly string[]) => string;

const usageMessages: readonly (readonly [RegExp, Explain])[] = [
  [
    /^Unknown arguments?: (.+)$/,
    ([names = ''], argv, options) =>
      [...new Set(names.split(', ').map((name) => findAsTyped(name, argv)))]
        .map((typed) => describeUnknown(typed, options))
        .join(' '),
  ],
  [
    /^Invalid values:\n\s*Argument: (\S+), Given: (.+), Choices: (.+)$/,
    ([name = '', given, choices], argv) =>
      `${findAsTyped(name, argv)} cannot be ${given}: it must be one of ${choices}.`,
  ],
  [/^Not enough arguments following: (\S+)$/, ([name = ''], argv) => `${findAsTyped(name, argv)} needs a value.`],
];

function describeUnknown(typed: string, options: readonly string[]): string {
  if (!typed.startsWith('-')) return `Unexpected argument "${typed}".`;
  if (typed === '-v') return 'Unknown option -v: did you mean -V (the version) or --verbose?';
  const near = nearestNames(typed.replace(/^--?/, ''), options).map((option) => `--${option}`);
  return `Unknown option ${typed}${near.length === 0 ? '.' : `: did you mean ${near.join(' or ')}?`}`;
}

/** yargs reports names without their dashes, and names of several words in two spellings. */
function findAsTyped(name: string, argv: readonly string[]): string {
  if (argv.includes(name)) return name;
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const ways = [`--${name}`, `-${name}`, `--${dashed}`, `--no-${name}`, `--no-${dashed}`];
  return ways.find((way) => argv.some((word) => word === way || word.startsWith(`${way}=`))) ?? `--${name}`;
}

/** Every command, in the order in which help shows them. Each is loaded when it is wanted: most runs want one. */
const commandLoaders: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./commands/init.js')).initCommand,
  import: async () => (await import('./commands/import.js')).importCommand,
  check: async () => (await import('./commands/check.js')).checkCommand,
  plan: async () => (await import('./commands/plan.js')).planCommand,
  compare: async () => (await import('./commands/compare.js')).compareCommand,
  resume: async () => (await import('./commands/resume.js')).resumeCommand,
  reconcile: async () => (await import('./commands/resume.js')).reconcileCommand,
  undo: async () => (await import('./commands/undo.js')).undoCommand,
  export: async () => (await import('./commands/export.js')).exportCommand,
  list: async () => (await import('./commands/customers.js')).listCommand,
  get: async () => (await import('./commands/customers.js')).getCommand,
  delete: async () => (await import('./commands/delete.js')).deleteCommand,
  runs: async () => (await import('./commands/runs.js')).runsCommand,
  audit: async () => (await import('./commands/audit.js')).auditCommand,
  report: async () => (await import('./commands/report.js')).reportCommand,
  person: async () => (await import('./commands/person.js')).personCommand,
  duplicates: async () => (await import('./commands/duplicates.js')).duplicatesCommand,
  crosswalk: async () => (await import('./commands/crosswalk.js')).crosswalkCommand,
  sweep: async () => (await import('./commands/sweep.js')).sweepCommand,
  watch: async () => (await import('./commands/sweep.js')).watchCommand,
  run: async () => (await import('./commands/sweep.js')).runCommand,
  notify: async () => (await import('./commands/notify.js')).notifyCommand,
  mapping: async () => (await import('./commands/mapping.js')).mappingCommand,
  mirror: async () => (await import('./commands/customers.js')).mirrorCommand,
  state: async () => (await import('./commands/state.js')).stateCommand,
  login: async () => (await import('./commands/doctor.js')).loginCommand,
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand,
  conformance: async () => (await import('./commands/conformance.js')).conformanceCommand,
  sandbox: async () => (await import('./commands/sandbox.js')).sandboxCommand,
};

export const commandNames: readonly string[] = Object.keys(commandLoaders);

/** The command of this name; all of them when it is none. */
export function loadCommands(name?: string): Promise<readonly Command[]> {
  const loader = name !== undefined && Object.hasOwn(commandLoaders, name) ? commandLoaders[name] : undefined;
  return Promise.all((loader === undefined ? Object.values(commandLoaders) : [loader]).map((load) => load()));
}

/** Columns: wider lines are hard to read. */
const maxHelpWidth = 110;
const helpWidthWithoutTerminal = 100;

const processStreams: Streams = { stdout: process.stdout, stderr: process.stderr, environment: process.env };

/** Too few open files are allowed: it is met wherever the next file is opened, also one of this program. */
function explainOutOfFiles(error: unknown): unknown {
  if (error instanceof CustomersError || !/^E[MN]FILE$/.test(readSystemCode(error))) return error;
  return new RunStoppedError('Too many files are open.', { code: 'TOO_MANY_FILES', cause: error });
}

/** Runs one command line. Never throws; the exit code says how it ended. */
export async function runCli(given: readonly string[], streams: Streams = processStreams): Promise<ExitCode> {
  const argv = normaliseArguments(given);
  let commands: readonly Command[];
  try {
    commands = await loadCommands(argv[0]);
  } catch (error) {
    return createReporter(readOutputOptions(argv), streams).fail(explainOutOfFiles(error));
  }
  let exitCode: ExitCode = exitCodes.done;
  const parser = declare(argv, commands, streams, (code) => {
    exitCode = code;
  });
  try {
    await parser.parseAsync();
  } catch (error) {
    const known = error instanceof CustomersError ? error : toUsageError(error, argv, commands);
    exitCode = createReporter(readOutputOptions(argv), streams).fail(known);
  }
  return exitCode;
}

function declare(
  argv: readonly string[],
  commands: readonly Command[],
  streams: Streams,
  onExit: (code: ExitCode) => void,
): Argv {
  const { parser: recording, declared } = recordOptions(yargs(spellForYargs(argv)));
  const parser: Argv = outputOptions(recording)
    .scriptName('mypos-customers')
    .usage('$0 <command>\n\nMove customers between files and the MYPOS Connect Customers API.')
    .version(version())
    .alias('version', 'V')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
    })
    .middleware((args) => keepLastValue(args, declared.values()), true)
    .strict()
    .demandCommand(1, 'Specify a command; `mypos-customers --help` lists them.')
    .exitProcess(false)
    .wrap(Math.min(maxHelpWidth, process.stdout.columns ?? helpWidthWithoutTerminal))
    // All other texts are English, and the errors of yargs are recognised by their English text.
    .locale('en')
    .help()
    .alias('help', 'h')
    .fail((message, error) => {
      throw error ?? usageError(message, argv, commands, listOptions(declared));
    });
  for (const command of commands)
    command.mount(parser, async (work) => {
      // While the command works, yargs makes its help once more, which nobody sees: breaking the lines takes longest.
      parser.wrap(null);
      const reporter = createReporter(readOutputOptions(argv), streams);
      try {
        onExit(await work(reporter));
      } catch (error) {
        onExit(reporter.fail(explainOutOfFiles(error)));
      }
    });
  return parser
    .command(
      'help [command]',
      'Show what a command does, with examples',
      (own) =>
        own.positional('command', { choices: commandWords.filter((name) => name !== 'help' && name !== 'version') }),
      () => undefined,
    )
    .command('version', 'Print the version; so does -V', {}, () => undefined)
    .completion('completion', 'Print a completion script for your shell', complete);
}

/** What yargs adds by itself. */
const builtInSwitches = ['help', 'version'] as const;

/** An option that is given twice counts as it was given last, as in most commands; yargs would make a list of it. */
function keepLastValue(args: Record<string, unknown>, declared: Iterable<DeclaredOption>): void {
  const single = [...declared].filter(({ type, array }) => (type === 'string' || type === 'boolean') && array !== true);
  const names = [...builtInSwitches, ...single.map(({ name }) => name)];
  for (const name of names.flatMap((dashed) => [dashed, camelCase(dashed)])) {
    const value = args[name];
    if (Array.isArray(value)) args[name] = value.at(-1);
  }
}

/** Names of all options of the command that is at work. */
function listOptions(declared: OptionRecorder['declared']): readonly string[] {
  return [...builtInSwitches, ...declared.keys()];
}

function camelCase(dashed: string): string {
  return dashed.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What may come first on a command line. */
const commandWords: readonly string[] = [...commandNames, 'help', 'version', 'completion'];

/** No words at all are `--help`; `help import` is `import --help`; `completion zsh` is what yargs does when the shell is zsh. */
function normaliseArguments(argv: readonly string[]): readonly string[] {
  const [command, topic] = argv;
  if (command === 'completion' && topic !== undefined && /^(bash|zsh|fish)$/.test(topic)) {
    process.env.SHELL = topic;
    return ['completion'];
  }
  if (command === undefined) return ['--help'];
  if (command === 'version') return ['--version', ...argv.slice(1)];
  if (command !== 'help') return argv;
  if (topic === undefined || topic.startsWith('-')) return ['--help'];
  // An unknown command is reported as everywhere.
  return commandWords.includes(topic) ? [topic, '--help'] : [topic];
}

/**
 * For yargs, `--no-header` would be the opposite of an option `--header`, and `-` would be no word of a list: `import` takes
 * several files.
 */
function spellForYargs(argv: readonly string[]): readonly string[] {
  const takesList = argv.find((word) => !word.startsWith('-')) === 'import';
  return argv.map((word) =>
    takesList && word === '-' ? standardInputWord : word.replace(/^--no-header(?==|$)/, '--noHeader'),
  );
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
function toUsageError(error: unknown, argv: readonly string[], commands: readonly Command[]): unknown {
  return error instanceof Error && error.name === 'YError'
    ? usageError(error.message, argv, commands, [], error)
    : error;
}

/** An error of yargs in our words, with the page of help; an unknown command is reported before its options are. */
function usageError(
  message: string,
  argv: readonly string[],
  commands: readonly Command[],
  options: readonly string[],
  cause?: unknown,
): UsageError {
  const given = argv[0] ?? '-';
  if (!given.startsWith('-') && !commandWords.includes(given))
    return new UsageError(`Unknown command "${given}": ${suggestNames(given, commandWords)}`, {
      code: 'COMMAND_UNKNOWN',
      nextStep: 'To list them: `mypos-customers --help`.',
      cause,
    });
  const command = commands.find(({ name }) => name === given);
  const members = command?.members?.map(({ name }) => name);
  const member = argv[1] ?? '-';
  if (members !== undefined && !member.startsWith('-') && !members.includes(member))
    return new UsageError(`Unknown command "${given} ${member}": ${suggestNames(member, members)}`, {
      code: 'COMMAND_UNKNOWN',
      nextStep: `To list them: \`mypos-customers ${given} --help\`.`,
      cause,
    });
  const topic = members?.includes(member) ? `${given} ${member}` : given;
  const commandUsage = (command?.members?.find(({ name }) => name === member) ?? command)?.usage.command;
  const page = commandWords.includes(given) ? `${topic} --help` : '--help';
  const fact = message.startsWith('Not enough non-option arguments')
    ? describeMissingArgument(topic, commandUsage ?? given)
    : explainUsageError(message, argv, options);
  return new UsageError(fact, { code: 'USAGE', nextStep: `See \`mypos-customers ${page}\`.`, cause });
}

/** Commands whose first argument is the file that they read. */
const readingCommands: ReadonlySet<string> = new Set([
  ...['import', 'check', 'plan', 'compare', 'duplicates', 'mapping suggest'],
]);

/** @param usage - as the command declares it, e.g. `check <file>` */
function describeMissingArgument(topic: string, usage: string): string {
  const missing = readingCommands.has(topic) ? 'No input file given.' : 'Missing argument.';
  const [, ...positionals] = usage.split(' ');
  return `${missing} Usage: mypos-customers ${[topic, ...positionals].join(' ')}`;
}

function readOutputOptions(argv: readonly string[]): OutputOptions {
  const given = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const has = (name: string) => given.includes(`--${name}`) || given.includes(`--${name}=true`);
  return { argv, json: has('json'), quiet: has('quiet') || given.includes('-q'), verbose: has('verbose') };
}
