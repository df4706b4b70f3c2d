import { defineCommand } from '#src/cli/command.js';
import { pilots } from '#src/cli/init/init-result.js';
import {
  mappingOption,
  optionalInputFilePositional,
  proposalOptions,
  readOptions,
  settingOptions,
} from '#src/cli/options.js';

const text = { type: 'string', requiresArg: true } as const;

export const initCommand = defineCommand({
  command: 'init [file]',
  describe: 'Set everything up: address and login, a mapping for your file, and a first try with five rows',
  examples: [
    ['$0 init customers.csv', 'asks for everything that it needs'],
    ['$0 init customers.csv --sandbox', 'without an account, on this machine only'],
    ['$0 init --username api-user@example.com --password-file secret', 'without questions, for use without a terminal'],
  ],
  options: (yargs) =>
    proposalOptions(
      optionalInputFilePositional(readOptions(mappingOption(settingOptions(yargs))), 'A file of your customers'),
    )
      .option('username', { ...text, describe: 'E-mail address of the API user' })
      .option('password-file', { ...text, describe: 'File with the password; it is created if it does not exist' })
      .option('pilot', {
        choices: pilots,
        describe:
          'Import the first rows: into the account, into the sandbox, or not at all (the default without a terminal)',
      })
      .option('live', {
        type: 'boolean',
        default: false,
        describe: 'Look at customers of the account for a free field to store the key in',
      })
      .option('first', { ...text, describe: 'Rows of the pilot (default 5)' })
      .option('force', { type: 'boolean', default: false, describe: 'Replace an existing profile and mapping' })
      .option('yes', {
        type: 'boolean',
        default: false,
        describe: 'Ask nothing: use options, environment and the most likely answers',
      }),
  async run(args, reporter) {
    const { setUp } = await import('#src/cli/init/set-up.js');
    return setUp(args, reporter);
  },
});
