import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import { explainFailure } from '#src/library/explain-failure.js';
import { withSettings } from './follow-up.js';

/** How a command talks: its result on standard output, everything else on standard error. */
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
  /** The same for standard output. */
  paintResult(colour: Colour, text: string): string;
  /** The result, for standard output: text for people, or the JSON document. */
  result(text: string, document: unknown): Promise<void>;
  /** Something worth knowing while it goes on. Silent with `--quiet`. */
  remark(text: string): void;
  warn(text: string): void;
  /** Something that went wrong without ending the command; said also with `--quiet`. */
  trouble(text: string): void;
  /** The same, for what another command line would have done: what is to be typed next follows that. */
  as(argv: readonly string[]): Reporter;
  /** While something is drawn in place, lines go through its owner, which knows how to keep clear of it. */
  drawing(print: ((line: string) => void) | undefined): void;
  /** Says what was wrong and what to do next. @returns the exit code */
  fail(error: unknown): ExitCode;
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface OutputChoice {
  readonly argv: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export type Colour = keyof typeof ansi;

const ansi = { red: '31', yellow: '33', dim: '2' } as const;

/** The one place that writes to the terminal. */
export function createReporter(choice: OutputChoice, streams: Streams): Reporter {
  const { stdout, stderr, environment } = streams;
  const terminal = stderr.isTTY === true && environment.TERM !== 'dumb';
  const colourful = environment.TERM !== 'dumb' && (environment.NO_COLOR ?? '') === '';
  const painter = (on: boolean) => (name: Colour, text: string) =>
    on ? `\u001b[${ansi[name]}m${text}\u001b[0m` : text;
  const paint = painter(colourful && stderr.isTTY === true);
  let printAbove: ((line: string) => void) | undefined;
  const say = (text: string) => {
    const whole = withSettings(text, choice.argv);
    if (printAbove === undefined) stderr.write(`${whole}\n`);
    else printAbove(whole);
  };
  return {
    ...choice,
    live: terminal && !choice.quiet,
    paint,
    paintResult: painter(colourful && stdout.isTTY === true && !choice.json),
    result: (text, document) =>
      new Promise((resolve, reject) => {
        const whole = withSettings(text, choice.argv);
        const output = choice.json ? `${JSON.stringify(document, null, 2)}\n` : whole === '' ? '' : `${whole}\n`;
        stdout.write(output, (error) => (error && !isReaderGone(error) ? reject(notPrinted(error)) : resolve()));
      }),
    remark: (text) => {
      if (!choice.quiet) say(text);
    },
    warn: (text) => {
      if (!choice.quiet) say(`${paint('yellow', 'Warning:')} ${text}`);
    },
    trouble: say,
    as: (argv) => createReporter({ ...choice, argv }, streams),
    drawing: (print) => {
      printAbove = print;
    },
    fail(error) {
      if (choice.json) stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
      if (!(error instanceof CustomersError)) {
        say(
          `${paint('red', 'Bug in mypos-customers:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
        say('What was settled is safe in the ledger. Please report this with the lines above.');
        return exitCodes.bug;
      }
      say(`${paint('red', 'Error:')} ${error.message} ${paint('dim', `[${error.code}]`)}`);
      if (error.nextStep !== undefined) say(`  ${error.nextStep}`);
      if (choice.verbose && error.cause !== undefined) say(`  Cause: ${describeCause(error.cause)}`);
      return error.exitCode;
    },
  };
}

/** A reader that has seen enough is no failure: what the command did is done. Windows calls it the end of the file. */
function isReaderGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'EOF';
}

function notPrinted(error: Error): unknown {
  const nextStep = 'What the command did is done; only its result was not printed. `mypos-customers runs` shows it.';
  return explainFailure(error, 'Standard output cannot be written', nextStep);
}

/** What `--json` prints when there is no result, so that a script always gets one document. */
function errorDocument(error: unknown) {
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
