import type { Customer } from '#pipelines/customer.js';
import { defineCommand } from '#src/cli/command.js';
import { present, settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import { isoTime, sortOrder, wholeNumber } from '#src/cli/option-values.js';
import { plainTable } from '#src/cli/plain-table.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;
const usualFields = ['customerCode', 'customerName', 'firstName', 'lastName', 'city', 'emailAddress'];
const usualPageSize = 20;

export const listCommand = defineCommand({
  command: 'list',
  describe: 'Show one page of the customers',
  examples: [['$0 list --sort lastEditDateUTC:desc', 'the customers that were edited last']],
  options: (yargs) =>
    settingOptions(yargs)
      .option('page', { ...text, describe: 'Number of the page (default 1)' })
      .option('page-size', { ...text, describe: `Customers on a page (default ${usualPageSize})` })
      .option('sort', { ...text, describe: 'Field to sort by, with :desc for the reverse' })
      .option('fields', { ...text, describe: 'Fields to show, separated by commas' })
      .option('changed-since', { ...text, describe: 'Only customers edited at or after this ISO time' })
      .option('changed-until', { ...text, describe: 'Only customers edited at or before this ISO time' }),
  async run(args, reporter) {
    const { listCustomers } = await import('#src/library/read-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const named = args.fields?.split(',').map((field) => field.trim());
    const query = {
      page: wholeNumber('page', args.page) ?? 1,
      pageSize: wholeNumber('page-size', args.pageSize) ?? usualPageSize,
      ...present({
        sort: sortOrder(args.sort),
        fields: named ?? (args.json ? undefined : usualFields),
        changedSince: isoTime('changed-since', args.changedSince),
        changedUntil: isoTime('changed-until', args.changedUntil),
      }),
    };
    const signals = stopOnSignals(reporter);
    try {
      const page = await listCustomers(settings, query, signals.signal);
      await reporter.result(renderPage(page.customers, named ?? usualFields, page.total, query), page);
    } finally {
      signals.release();
    }
    return exitCodes.done;
  },
});

function renderPage(
  customers: readonly Customer[],
  fields: readonly string[],
  total: number,
  query: { readonly page: number; readonly pageSize: number },
): string {
  if (customers.length === 0)
    return 'No customers here. An empty list often means a missing right or a filter that fits none, not an empty table.';
  const rows = customers.map((customer) => fields.map((field) => String(fieldOf(customer, field) ?? '')));
  const first = (query.page - 1) * query.pageSize + 1;
  return `${plainTable(fields, rows)}\n${first} to ${first + customers.length - 1} of ${total}`;
}

/** The API does not care about the case of names, so neither does what the user typed. */
function fieldOf(customer: Customer, field: string) {
  const name = Object.keys(customer).find((one) => one.toLowerCase() === field.toLowerCase());
  return name === undefined ? undefined : customer[name];
}
