import type { Argv, ArgumentsCamelCase } from 'yargs';
import type { ExitCode } from '../errors.js';
import type { Reporter } from './reporter.js';

/** A command declares itself and delegates; its exit code is all that it decides. */
export interface Command<A = unknown> {
  /** As yargs reads it, e.g. `import <file>`. */
  readonly command: string;
  readonly describe: string;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  readonly options: (yargs: Argv) => Argv<A>;
  readonly run: (args: ArgumentsCamelCase<A>, reporter: Reporter) => Promise<ExitCode>;
}

/** Keeps the type of a command's own options. */
export function defineCommand<A>(command: Command<A>): Command<A> {
  return command;
}
