import { defineCommand, defineGroup } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/options.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

const backupCommand = defineCommand({
  command: 'backup <file>',
  describe: 'Write a whole copy of the ledger, also while a run is at work',
  examples: [['$0 state backup ledger-backup.db --force', 'every night, from cron']],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('file', { type: 'string', demandOption: true, describe: 'Where to write it' })
      .option('force', { type: 'boolean', default: false, describe: 'Replace an existing file' }),
  async run(args, reporter) {
    const { backupState } = await import('#src/app/state/state-copies.js');
    const backup = await backupState(resolveSettings(toSettingOptions(args)), { file: args.file, force: args.force });
    await reporter.result(`${backup.file}: the ledger of ${backup.tenant.login} at ${backup.tenant.baseUrl}`, backup);
    return exitCodes.done;
  },
});

const restoreCommand = defineCommand({
  command: 'restore <file>',
  describe: 'Put a backup in the place of the ledger',
  examples: [['$0 state restore ledger-backup.db', 'after a disk was lost']],
  options: (yargs) =>
    settingOptions(yargs).positional('file', { type: 'string', demandOption: true, describe: 'The backup' }),
  async run(args, reporter) {
    const { restoreState } = await import('#src/app/state/state-copies.js');
    const restored = restoreState(resolveSettings(toSettingOptions(args)), args.file);
    const text = [
      `Restored: the ledger as it was on ${restored.madeAt}.`,
      ...(restored.replaced === null
        ? []
        : [`The former ledger is kept as ${restored.replaced}. Delete it when you no longer need it.`]),
      'Rows of the next import, or of a run that you resume, are compared with what was done in the account since.',
      'Next: mypos-customers resume; when there is nothing to resume, import the file again.',
    ];
    await reporter.result(text.join('\n'), restored);
    return exitCodes.done;
  },
});

export const stateCommand = defineGroup('state', 'Back up the ledger, and restore it', [backupCommand, restoreCommand]);
