import type { ArgumentsCamelCase, Argv } from 'yargs';
import { type ExitCode, exitCodes } from '#src/errors.js';
import { listStopSignals } from '#src/platform.js';
import { type AlertArguments, type AlertSubjectName, type DescribeResult, withAlerts } from './alerts.js';
import { acceptCommonOptions, type SettingArguments } from './options.js';
import { recordOptions } from './record-options.js';
import type { Reporter } from './reporter.js';

/**
 * Turns the first Ctrl-C (or SIGTERM) into a request to end well; the second ends the process at once, which the
 * ledger survives.
 */
export function stopOnSignals(reporter: Reporter): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => () => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm);
    reporter.info(`${name}: finishing the requests in flight. Press Ctrl-C again to stop immediately.`);
    controller.abort(name);
  };
  const listeners = listStopSignals().map(({ name, means }) => ({ name, listener: onSignal(means) }));
  for (const { name, listener } of listeners) process.on(name, listener);
  return {
    signal: controller.signal,
    release: () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}

/** A command declares itself and delegates; its exit code is all that it decides. */
interface CommandDefinition<A> {
  /** As yargs reads it, e.g. `import <file>`. */
  readonly command: string;
  readonly describe: string;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  readonly options: (yargs: Argv) => Argv<A>;
  /** @param describe - takes what alerts are to say of the result, where the command has {@link alertsAbout} */
  readonly run: (args: ArgumentsCamelCase<A>, reporter: Reporter, describe: DescribeResult) => Promise<ExitCode>;
  /** What alerts are about, of a command that takes `--notify`. */
  readonly alertsAbout?: (args: ArgumentsCamelCase<A>) => AlertSubjectName;
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
      const declare = (group: Argv) => {
        for (const member of members) member.mount(group, execute);
        return group.demandCommand(
          1,
          `Missing command. Usage: mypos-customers ${name} <${members.map((member) => member.name).join(' | ')}>`,
        );
      };
      parser.command(name, describe, declare);
    },
  };
}

/** A command; only it knows its own options. */
export interface Command {
  readonly name: string;
  /** What help and the page of commands say of it. */
  readonly usage: CommandUsage;
  /** The commands below this one. */
  readonly members?: readonly Command[];
  /** Adds the command to the parser; when it is called, `execute` gets its work. */
  mount(parser: Argv, execute: (work: (reporter: Reporter) => Promise<ExitCode>) => Promise<void>): void;
}

/** They take the options of an address, and send no login: `init` asks for one itself, the others work on this machine. */
const commandsWithoutLogin: ReadonlySet<string> = new Set([
  'audit',
  'init',
  'person',
  'runs',
  'suggest',
  'template',
  'test',
]);

/** Loaded where somebody can be asked: most runs of a script need no question. */
async function confirmGivenAccount(args: SettingArguments): Promise<void> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return;
  const { confirmAccount } = await import('./prompts/confirm-account.js');
  await confirmAccount(args);
}

export function defineCommand<A>(definition: CommandDefinition<A>): Command {
  const { command, describe, examples = [], options, run, alertsAbout } = definition;
  const name = command.split(' ')[0] ?? command;
  let takesAddress = false;
  return {
    name,
    usage: { command, describe, examples },
    mount(parser, execute) {
      const declare = (commandParser: Argv) => {
        for (const [line, what] of examples) commandParser.example(line, what);
        const recorder = recordOptions(commandParser);
        options(recorder.parser);
        takesAddress = recorder.declared.has('base-url') && !commandsWithoutLogin.has(name);
        acceptCommonOptions(recorder);
        return commandParser as Argv<A>;
      };
      parser.command(command, describe, declare, (args) =>
        execute(async (reporter) => {
          // Every option of a setting was declared with the type of its setting.
          if (takesAddress) await confirmGivenAccount(args as ArgumentsCamelCase<A> & SettingArguments);
          if (alertsAbout === undefined) return run(args, reporter, () => undefined);
          return withAlerts(args as AlertArguments, reporter, alertsAbout(args), (note) => run(args, reporter, note));
        }),
      );
    },
  };
}
