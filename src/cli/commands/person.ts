import type { PersonErased, PersonReport } from '#src/app/person/person.js';
import { defineCommand } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/options.js';
import { confirmOnTerminal } from '#src/cli/prompts/ask.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

export const personCommand = defineCommand({
  command: 'person <action> <who>',
  describe: 'What this machine holds of one customer; remove it',
  examples: [
    ['$0 person show ann@example.com', 'by e-mail address, code or key'],
    ['$0 person erase C-0042', 'list it, ask, and remove it from the state folder'],
    ['$0 person erase C-0042 --bar', 'and leave her out when a file brings her again'],
  ],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('action', {
        choices: ['show', 'erase'] as const,
        demandOption: true,
        describe: 'show: list what is held; erase: remove it',
      })
      .positional('who', {
        type: 'string',
        demandOption: true,
        describe: 'Customer code, key of the old system, or e-mail address',
      })
      .option('bar', { type: 'boolean', default: false, describe: 'With erase: skip this customer in later imports' })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' }),
  async run(args, reporter) {
    const { erasePerson, showPerson } = await import('#src/app/person/person.js');
    const settings = resolveSettings(toSettingOptions(args));
    if (args.action === 'show') {
      const report = await showPerson(settings, args.who);
      await reporter.result(renderPerson(report), report);
      return exitCodes.done;
    }
    const confirm = (report: PersonReport) => {
      if (args.yes) return Promise.resolve(true);
      reporter.info(renderPerson(report));
      return confirmOnTerminal('Remove this from the state folder?');
    };
    const end = await erasePerson(settings, args.who, { bar: args.bar, confirm });
    if (!('left' in end)) {
      await reporter.result('Nothing was changed.', { ...end, exitCode: exitCodes.done });
      return exitCodes.done;
    }
    const exitCode = end.left.length === 0 ? exitCodes.done : exitCodes.someRowsFailed;
    await reporter.result(renderErased(end), { ...end, exitCode });
    return exitCode;
  },
});

function renderPerson({ who, accounts, stateFiles, files }: PersonReport): string {
  return [
    `Held of ${who}:`,
    ...accounts.flatMap(({ account, codes, keys, held, runs }) => [
      `  ${account.login} at ${account.baseUrl}: code ${codes.join(', ') || 'unknown'}, ${keys.length === 0 ? 'no key' : `key ${keys.join(', ')}`}`,
      ...Object.entries(held)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `    ${String(count).padStart(5)} ${what}`),
      ...runs.map(({ run, command, file }) => `    in run ${run} (${command}${file === null ? '' : ` of ${file}`})`),
    ]),
    ...stateFiles.map(({ path, holds }) => `  ${path}${holds === 'unknown' ? ' (cannot be read)' : ''}`),
    ...listFiles({ files }),
  ].join('\n');
}

function listFiles({ files }: Pick<PersonReport, 'files'>): readonly string[] {
  if (files.length === 0) return [];
  return [
    'Files elsewhere, which are yours to clean or delete:',
    ...files.map(({ path, holds }) => `  ${path}${holds === 'unknown' ? ' (cannot be read)' : ''}`),
  ];
}

function renderErased(end: PersonErased): string {
  return [
    end.left.length === 0
      ? `Removed from the state folder: all that it held of ${end.who} but code, id and key.`
      : `Something of ${end.who} is left in ${end.left.join(', ')}. Another process may be using it: try again when it has ended.`,
    ...(end.barred ? ['Imports leave this customer out from now on.'] : []),
    ...listFiles(end),
    'Backups of the state folder still hold it. Customers that the account still has come back with the next import or refresh.',
  ].join('\n');
}
