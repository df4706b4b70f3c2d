import { type Code, codes } from '#pipelines/codes.js';

/** Exit codes of the command line. They are published: scripts depend on them. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  unreadableInput: 3,
  someRowsFailed: 4,
  stoppedEarly: 5,
  login: 6,
  inDoubt: 7,
  guard: 8,
  busy: 75,
  sigint: 130,
  sigterm: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Which exit code tells most, where several things were done. */
const exitsByWeight: readonly ExitCode[] = [1, 130, 143, 6, 5, 7, 8, 2, 3, 4, 75, 0];

/** The exit code of a command that did several things, by those of each. */
export function chooseWorstExit(exits: readonly ExitCode[]): ExitCode {
  return exitsByWeight.find((exit) => exits.includes(exit)) ?? exitCodes.done;
}

interface ErrorDetails {
  /** Stable, for scripts. */
  readonly code: Code;
  /** What to do next; a command where one serves. @default what the table of codes says of the code */
  readonly nextStep?: string;
  readonly cause?: unknown;
}

/** Every failure that a caller can do something about. A subclass per cause that callers treat differently. */
export abstract class CustomersError extends Error {
  abstract readonly exitCode: ExitCode;
  readonly code: Code;
  readonly nextStep: string;

  constructor(message: string, { code, nextStep, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.nextStep = nextStep ?? codes[code].nextStep;
  }
}

/** Wrong usage, configuration or mapping. */
export class UsageError extends CustomersError {
  readonly exitCode = exitCodes.usage;
}

/** The input cannot be read; nothing was sent. */
export class InputError extends CustomersError {
  readonly exitCode = exitCodes.unreadableInput;
}

/** The run ended before its rows did and can be resumed (network, server, too many failures). */
export class RunStoppedError extends CustomersError {
  readonly exitCode = exitCodes.stoppedEarly;
}

/** Login failed, a right is missing, or the day's tokens are used up. */
export class LoginError extends CustomersError {
  readonly exitCode = exitCodes.login;
}

/** Refused for safety, normally before anything was sent: a guard, or what a run needs is not as it was. */
export class GuardError extends CustomersError {
  readonly exitCode = exitCodes.guard;
}

/** A signal ended the command before it had begun to change anything. */
export class InterruptedError extends CustomersError {
  readonly exitCode: ExitCode;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Stopped by ${signal} before anything was changed.`, { code: signal });
    this.exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm;
  }
}

/** Another process holds the lock. */
export class BusyError extends CustomersError {
  readonly exitCode = exitCodes.busy;
}

/** The code of an error of the operating system, e.g. `ENOENT`; empty for any other error. */
export function readSystemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
