import { defineCommand } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

export const loginCommand = defineCommand({
  command: 'login',
  describe: 'Log in and cache the token for the other commands',
  options: (yargs) => settingOptions(yargs),
  async run(args, reporter) {
    const { login } = await import('#src/library/read-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const done = await login(settings, signals.signal);
      const used = `${done.tokensToday} of ${done.tokensPerDay} tokens of this UTC day used`;
      const text = done.tokenGiven
        ? `The access token in ${settings.accessToken.origin} is used as it is; there is no login to try.`
        : `Logged in to ${done.baseUrl} as ${done.login}. The token is good for two hours; ${used}.`;
      await reporter.result(text, done);
    } finally {
      signals.release();
    }
    return exitCodes.done;
  },
});
