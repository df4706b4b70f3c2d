import { randomUUID } from 'node:crypto';
import { readingOptions } from '#pipelines/reading-options.js';
import { showJson, showLines } from '#pipelines/visible-text.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { quoteArgument } from '#src/app/quote-argument.js';
import { toKebabCase } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';

/** Options that say whose customers a command is about, and who else sends to them: what follows needs the same ones. */
export const settingNames = ['sandbox', 'profile', 'config', 'base-url', 'state-dir', 'ca-file', 'pace'] as const;
const switches: ReadonlySet<string> = new Set([
  ...['sandbox', 'dry-run', 'force', 'json', 'quiet', 'verbose', 'yes', 'verify', 'strict', 'columns'],
  ...['even-changed', 'assume-absent', 'override-guards', 'full', 'bom', 'active', 'replace', 'anew', 'live', 'adopt'],
  ...['account', 'exit-code', 'duplicates', 'all-new'],
  ...Object.entries(readingOptions).flatMap(([name, { shape }]) =>
    shape.schema.type === 'boolean' ? [toKebabCase(name)] : [],
  ),
]);

interface GivenOption {
  readonly name: string;
  /** As they stood on the command line. */
  readonly words: readonly string[];
}

/** A command line apart: options with their values, and the words between them. */
function splitArguments(argv: readonly string[]): readonly (GivenOption | string)[] {
  const parts: (GivenOption | string)[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name === undefined) {
      parts.push(word);
      continue;
    }
    const next = argv[at + 1];
    const takesNext = !word.includes('=') && !switches.has(name) && next !== undefined && !/^-./.test(next);
    parts.push({ name, words: takesNext ? [word, next] : [word] });
    if (takesNext) at += 1;
  }
  return parts;
}

/**
 * The same command line for another file.
 *
 * @param without - options that are not to be repeated
 */
export function repeatCommand(argv: readonly string[], file: string, without: readonly string[]): string {
  const parts = splitArguments(argv);
  const command = parts.find((part) => typeof part === 'string' && !part.startsWith('-')) ?? '';
  const options = parts.filter(
    (part): part is GivenOption => typeof part !== 'string' && part.name !== 'file' && !without.includes(part.name),
  );
  // The words after `delete` are codes.
  const input = command === 'delete' ? ['--file', file] : [file];
  return joinArguments([String(command), ...input, ...options.flatMap(({ words }) => words)]);
}

/**
 * Adds the settings of this command line to the commands about a run or plan that a text names, so that they can be typed as they
 * stand.
 */
export function addSettings(text: string, argv: readonly string[]): string {
  const words = findSettingArguments(argv);
  if (words.length === 0) return text;
  const commands =
    /mypos-customers (?:(?:resume|reconcile|undo|runs show) \d{8}-\d{6}-[0-9a-f]{4}|import --plan \S+|crosswalk (?:import|rebuild)\b)/g;
  return text.replaceAll(commands, (command) => `${command} ${words.map(quoteArgument).join(' ')}`);
}

function findSettingArguments(argv: readonly string[]): readonly string[] {
  return findOptions(argv, settingNames);
}

/** Those of a command line's options that have one of these names, with their values. */
export function findOptions(argv: readonly string[], names: readonly string[]): readonly string[] {
  const options = splitArguments(argv).filter((part): part is GivenOption => typeof part !== 'string');
  return options.filter(({ name }) => names.includes(name)).flatMap(({ words }) => words);
}

/** A command line as it can be typed. */
export function joinArguments(words: readonly string[]): string {
  return ['mypos-customers', ...words.map(quoteArgument)].join(' ');
}

/** Prints what a command has to say: its result on standard output, everything else on standard error. */
export interface Reporter {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** The command line, without the program. */
  readonly argv: readonly string[];
  /** Standard error is a terminal that may be written on in place. */
  readonly live: boolean;
  /** Gives a text a colour where standard error takes one. */
  paint(colour: Colour, text: string): string;
  /** The same for a part of the text that {@link Reporter.result} gets. */
  paintResult(colour: Colour, text: string): string;
  /**
   * What a command has done, for standard output: text for people, or the JSON document. With `--quiet`, the text is printed
   * only if the document has an `exitCode` other than 0.
   */
  result(text: string, document: unknown): Promise<void>;
  /** What a command was asked for, such as a list; printed also with `--quiet`. */
  data(text: string, document: unknown): Promise<void>;
  /** Progress worth knowing. Silent with `--quiet`. */
  info(text: string): void;
  warn(text: string): void;
  /** Something that went wrong without ending the command; printed also with `--quiet`. */
  error(text: string): void;
  /** The same, for what another command line would have done: what is to be typed next follows that. */
  withArguments(argv: readonly string[]): Reporter;
  /** While something is drawn in place, lines go through its owner, which knows how to keep clear of it. */
  redirect(print: ((line: string) => void) | undefined): void;
  /** Says what was wrong and what to do next; with `--json`, also in a document. @returns the exit code */
  fail(error: unknown): ExitCode;
  /** As {@link Reporter.fail}, of one of several things that a command does: without a document. */
  explain(error: unknown): ExitCode;
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface OutputOptions {
  readonly argv: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

type Colour = keyof typeof ansi;

const ansi = { red: '31', yellow: '33', dim: '2' } as const;

/** Marks where a colour begins and ends in a text that is not safe to show yet. No foreign text can guess it. */
const colourMark = randomUUID();

/** Puts the colours into a text that has been made safe to show. */
function applyColours(text: string): string {
  return text.replaceAll(new RegExp(`${colourMark}(\\d+);`, 'g'), '\u001b[$1m');
}

/** The one place that writes to the terminal. What others have written is made safe to show here, and ours is coloured after that. */
export function createReporter(choice: OutputOptions, streams: Streams): Reporter {
  const { stdout, stderr, environment } = streams;
  const terminal = stderr.isTTY === true && environment.TERM !== 'dumb';
  const colourful = environment.TERM !== 'dumb' && (environment.NO_COLOR ?? '') === '';
  const painter = (on: boolean) => (name: Colour, text: string) =>
    on ? `${colourMark}${ansi[name]};${text}${colourMark}0;` : text;
  const mark = painter(colourful && stderr.isTTY === true);
  let printAbove: ((line: string) => void) | undefined;
  const say = (text: string) => {
    const whole = applyColours(showLines(addSettings(text, choice.argv)));
    if (printAbove === undefined) stderr.write(`${whole}\n`);
    else printAbove(whole);
  };
  const print = (text: string, document: unknown) =>
    new Promise<void>((resolve, reject) => {
      const whole = applyColours(showLines(addSettings(text, choice.argv)));
      const output = choice.json ? renderJson(document) : whole === '' ? '' : `${whole}\n`;
      stdout.write(output, (error) => (error && !isPipeClosed(error) ? reject(outputError(error)) : resolve()));
    });
  return {
    ...choice,
    live: terminal && !choice.quiet,
    paint: (name, text) => applyColours(showLines(mark(name, text))),
    paintResult: painter(colourful && stdout.isTTY === true && !choice.json),
    result: (text, document) => print(choice.quiet && hasSucceeded(document) ? '' : text, document),
    data: print,
    info: (text) => {
      if (!choice.quiet) say(text);
    },
    warn: (text) => {
      if (!choice.quiet) say(`${mark('yellow', 'Warning:')} ${text}`);
    },
    error: say,
    withArguments: (argv) => createReporter({ ...choice, argv }, streams),
    redirect: (print) => {
      printAbove = print;
    },
    fail(error) {
      if (choice.json) stdout.write(renderJson(createErrorDocument(error)));
      return this.explain(error);
    },
    explain(error) {
      if (!(error instanceof CustomersError)) {
        say(
          `${mark('red', 'Bug in mypos-customers:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
        say('Finished rows are safe in the ledger. Please report this with the output above.');
        return exitCodes.bug;
      }
      say(`${mark('red', 'Error:')} ${error.message} ${mark('dim', `[${error.code}]`)}`);
      if (error.nextStep !== undefined) say(`  ${error.nextStep.replaceAll('\n', '\n  ')}`);
      if (choice.verbose && error.cause !== undefined) say(`  Cause: ${describeCause(error.cause)}`);
      return error.exitCode;
    },
  };
}

function hasSucceeded(document: unknown): boolean {
  if (typeof document !== 'object' || document === null || !('exitCode' in document)) return true;
  return document.exitCode === exitCodes.done;
}

/** A reader that closes the pipe is not a failure: the command has done its work. Windows reports the end of the file. */
function isPipeClosed(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'EOF';
}

function outputError(error: Error): unknown {
  const nextStep = 'The command has finished, but its result could not be printed. `mypos-customers runs` shows it.';
  return explainFailure(error, 'Standard output cannot be written', nextStep);
}

function renderJson(document: unknown): string {
  return `${showJson(JSON.stringify(document, null, 2))}\n`;
}

/** What `--json` prints when there is no result, so that a script always gets one document. */
export function createErrorDocument(error: unknown) {
  if (!(error instanceof CustomersError))
    return { exitCode: exitCodes.bug, error: { code: 'BUG', message: String(error), nextStep: null } };
  const { code, message, nextStep = null, exitCode } = error;
  return { exitCode, error: { code, message, nextStep } };
}

function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause ? ` (${String(cause.code)})` : '';
  return `${cause.message}${code}`;
}
