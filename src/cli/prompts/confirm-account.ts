import { resolveTenant } from '#src/app/connect.js';
import { isKnownAccount, rememberAccount } from '#src/app/known-accounts.js';
import { type SettingArguments, toSettingOptions } from '#src/cli/options.js';
import { userConfigFile } from '#src/config/config-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { defaultConfigFile } from '#src/config/settings.js';
import { CustomersError, UsageError } from '#src/errors.js';
import { askYesNo, isInteractive } from './ask.js';

/**
 * Asks once, on a terminal, before a login is sent to an address that a configuration file in the current folder names: the
 * file may have come with the folder. Elsewhere nobody can be asked, and a file of another user is refused anyway.
 *
 * @throws UsageError `ACCOUNT_NOT_CONFIRMED` when the answer is no
 */
export async function confirmAccount(args: SettingArguments & { readonly yes?: unknown }): Promise<void> {
  if (!isInteractive() || args.config !== undefined || args.sandbox === true) return;
  const account = findAccountOfFolder(args);
  if (account === undefined || isKnownAccount(account)) return;
  const question = `${defaultConfigFile} in this folder sends the login ${account.login} to ${account.baseUrl}. Is that right?`;
  if (args.yes !== true && !(await askYesNo(question, false)))
    throw new UsageError('The address was not confirmed, and nothing was sent.', { code: 'ACCOUNT_NOT_CONFIRMED' });
  await rememberAccount(account);
}

/** The account, if its address comes from the file. What is wrong in the settings, the command itself will say. */
function findAccountOfFolder(args: SettingArguments) {
  try {
    const settings = resolveSettings(toSettingOptions(args));
    const isOfFolder = settings.baseUrl.origin.startsWith('profile ') && settings.config.value !== userConfigFile();
    return isOfFolder ? resolveTenant(settings) : undefined;
  } catch (error) {
    if (error instanceof CustomersError) return undefined;
    throw error;
  }
}
