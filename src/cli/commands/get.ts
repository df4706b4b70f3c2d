import type { Customer } from '#pipelines/customer.js';
import { defineCommand } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

export const getCommand = defineCommand({
  command: 'get <idOrCode..>',
  describe: 'Show whole customers, by id or code',
  examples: [['$0 get 0001234 --json', 'one customer as JSON']],
  options: (yargs) =>
    settingOptions(yargs).positional('idOrCode', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'customerId or customerCode',
    }),
  async run(args, reporter) {
    const { getCustomers } = await import('#src/library/read-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const { customers, absent } = await getCustomers(settings, args.idOrCode, signals.signal);
      await reporter.result(customers.map(renderCustomer).join('\n\n'), customers);
      for (const one of absent) reporter.warn(`There is no customer with the id or code ${one}.`);
      return absent.length > 0 ? exitCodes.someRowsFailed : exitCodes.done;
    } finally {
      signals.release();
    }
  },
});

function renderCustomer(customer: Customer): string {
  const names = Object.keys(customer);
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `${name.padEnd(width)}  ${shown(customer[name])}`).join('\n');
}

function shown(value: Customer[string] | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
