import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { ExitCode } from '#src/errors.js';
import { tolerateCommonOptions } from './common-options.js';
import type { Reporter } from './reporter.js';

/** A command declares itself and delegates; its exit code is all that it decides. */
export interface CommandDefinition<A> {
  /** As yargs reads it, e.g. `import <file>`. */
  readonly command: string;
  readonly describe: string;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  readonly options: (yargs: Argv) => Argv<A>;
  readonly run: (args: ArgumentsCamelCase<A>, reporter: Reporter) => Promise<ExitCode>;
}

export interface CommandUsage {
  /** As yargs reads it, e.g. `import <file>`. */
  readonly command: string;
  readonly describe: string;
  /** `$0` stands for the program. */
  readonly examples: readonly (readonly [command: string, what: string])[];
}

/** Commands under one name, e.g. `mapping suggest`. */
export function defineGroup(name: string, describe: string, members: readonly Command[]): Command {
  return {
    name,
    usage: { command: name, describe, examples: [] },
    members,
    mount(parser, execute) {
      const declare = (own: Argv) => {
        for (const member of members) member.mount(own, execute);
        return own.demandCommand(1, `What shall ${name} do? One of: ${members.map((one) => one.name).join(', ')}.`);
      };
      parser.command(name, describe, declare);
    },
  };
}

/** A command whose own options are nobody else's business. */
export interface Command {
  readonly name: string;
  /** What help and the page of commands say of it. */
  readonly usage: CommandUsage;
  /** The commands below this one. */
  readonly members?: readonly Command[];
  /** Adds the command to the parser; when it is called, `execute` gets its work. */
  mount(parser: Argv, execute: (work: (reporter: Reporter) => Promise<ExitCode>) => Promise<void>): void;
}

export function defineCommand<A>(definition: CommandDefinition<A>): Command {
  const { command, describe, examples = [], options, run } = definition;
  return {
    name: command.split(' ')[0] ?? command,
    usage: { command, describe, examples },
    mount(parser, execute) {
      const declare = (own: Argv) => {
        for (const [line, what] of examples) own.example(line, what);
        const declared = options(own);
        tolerateCommonOptions(own);
        return declared;
      };
      parser.command(command, describe, declare, (args) => execute((reporter) => run(args, reporter)));
    },
  };
}
