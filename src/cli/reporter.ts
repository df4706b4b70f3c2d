import { CustomersError, type ExitCode, exitCodes } from '../errors.js';

/** How a command talks: its result on standard output, everything else on standard error. */
export interface Reporter {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Standard error is a terminal that may be written on in colour and in place. */
  readonly live: boolean;
  /** The result, for standard output: text for people, or the JSON document. */
  result(text: string, document: unknown): Promise<void>;
  /** Something worth knowing while it goes on. Silent with `--quiet`. */
  remark(text: string): void;
  warn(text: string): void;
  /** Something that went wrong without ending the command; said also with `--quiet`. */
  trouble(text: string): void;
  /** While something is drawn in place, lines go through its owner, which knows how to keep clear of it. */
  drawing(print: ((line: string) => void) | undefined): void;
  /** Says what was wrong and what to do next. @returns the exit code */
  fail(error: unknown): ExitCode;
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface OutputChoice {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

const ansi = { red: '31', yellow: '33', dim: '2' } as const;

/** The one place that writes to the terminal. */
export function createReporter(choice: OutputChoice, streams: Streams): Reporter {
  const { stdout, stderr, environment } = streams;
  const colour = stderr.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
  const paint = (name: keyof typeof ansi, text: string) => (colour ? `\u001b[${ansi[name]}m${text}\u001b[0m` : text);
  let printAbove: ((line: string) => void) | undefined;
  const say = (text: string) => {
    if (printAbove === undefined) stderr.write(`${text}\n`);
    else printAbove(text);
  };
  return {
    ...choice,
    live: stderr.isTTY === true && !choice.quiet,
    result: (text, document) =>
      new Promise((resolve, reject) => {
        const output = choice.json ? `${JSON.stringify(document, null, 2)}\n` : text === '' ? '' : `${text}\n`;
        stdout.write(output, (error) => (error ? reject(error) : resolve()));
      }),
    remark: (text) => {
      if (!choice.quiet) say(text);
    },
    warn: (text) => {
      if (!choice.quiet) say(`${paint('yellow', 'Warning:')} ${text}`);
    },
    trouble: say,
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
