import { formatCount } from '#pipelines/format-count.js';
import type { Customer } from '#pipelines/model.js';
import type { MirrorRefreshed } from '#src/app/refresh-mirror.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  filterOption,
  omitUndefined,
  parseFilters,
  parseIsoTimeOption,
  parseSortOption,
  parseWholeNumber,
  settingOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { renderTable } from '#src/cli/render/format.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

const textOption = { type: 'string', requiresArg: true } as const;
const defaultFields = ['customerCode', 'customerName', 'firstName', 'lastName', 'city', 'emailAddress'];
const defaultPageSize = 20;

export const listCommand = defineCommand({
  command: 'list',
  describe: 'Show one page of the list of customers',
  examples: [['$0 list --sort lastEditDateUTC:desc', 'the customers that were edited last']],
  options: (yargs) =>
    settingOptions(yargs)
      .option('page', { ...textOption, describe: 'Page number (default 1)' })
      .option('page-size', { ...textOption, describe: `Customers per page (default ${defaultPageSize})` })
      .option('sort', { ...textOption, describe: 'Field to sort by, with :desc for descending order' })
      .option('fields', { ...textOption, describe: 'Fields to show, separated by commas' })
      .option('changed-since', { ...textOption, describe: 'Only customers edited at or after this ISO time' })
      .option('changed-until', { ...textOption, describe: 'Only customers edited at or before this ISO time' })
      .option('filter', filterOption),
  async run(args, reporter) {
    const { listCustomers } = await import('#src/app/read-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const named = args.fields?.split(',').map((field) => field.trim());
    const query = {
      page: parseWholeNumber('page', args.page) ?? 1,
      pageSize: parseWholeNumber('page-size', args.pageSize) ?? defaultPageSize,
      ...omitUndefined({
        sort: parseSortOption(args.sort),
        fields: named ?? (args.json ? undefined : defaultFields),
        changedSince: parseIsoTimeOption('changed-since', args.changedSince),
        changedUntil: parseIsoTimeOption('changed-until', args.changedUntil),
        filters: parseFilters(args.filter),
      }),
    };
    const signals = stopOnSignals(reporter);
    try {
      const page = await listCustomers(settings, query, signals.signal);
      await reporter.data(renderPage(page.customers, named ?? defaultFields, page.total, query), page);
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
    return 'No customers found. Check the filters, and whether this user has permission to read customers.';
  const rows = customers.map((customer) => fields.map((field) => String(readField(customer, field) ?? '')));
  const first = (query.page - 1) * query.pageSize + 1;
  return `${renderTable(fields, rows)}\n${first} to ${first + customers.length - 1} of ${total}`;
}

/** The API does not care about the case of names, so neither does what the user typed. */
function readField(customer: Customer, field: string) {
  const name = Object.keys(customer).find((key) => key.toLowerCase() === field.toLowerCase());
  return name === undefined ? undefined : customer[name];
}

export const getCommand = defineCommand({
  command: 'get <idOrCode..>',
  describe: 'Show customers with all their details, by id or code',
  examples: [['$0 get 0001234 --json', 'one customer as JSON']],
  options: (yargs) =>
    settingOptions(yargs).positional('idOrCode', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'customerId or customerCode',
    }),
  async run(args, reporter) {
    const { getCustomers } = await import('#src/app/read-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const { customers, absent } = await getCustomers(settings, args.idOrCode, signals.signal);
      await reporter.data(customers.map(renderCustomer).join('\n\n'), customers);
      for (const identifier of absent) reporter.warn(`There is no customer with the id or code ${identifier}.`);
      return absent.length > 0 ? exitCodes.someRowsFailed : exitCodes.done;
    } finally {
      signals.release();
    }
  },
});

function renderCustomer(customer: Customer): string {
  const names = Object.keys(customer);
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `${name.padEnd(width)}  ${renderValue(customer[name])}`).join('\n');
}

function renderValue(value: Customer[string] | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export const mirrorCommand = defineCommand({
  command: 'mirror <action>',
  describe: 'Update the local copy of the customers, which saves API calls',
  examples: [['$0 mirror refresh', 'read what has changed since the last time']],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('action', {
        choices: ['refresh'] as const,
        demandOption: true,
        describe: 'refresh: update the copy',
      })
      .option('anew', { type: 'boolean', default: false, describe: 'Discard the copy and read all customers again' }),
  async run(args, reporter) {
    const { refreshCustomers } = await import('#src/app/refresh-mirror.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const done = await refreshCustomers(settings, { anew: args.anew, signal: signals.signal });
      await reporter.result(renderMirror(done), done);
    } finally {
      signals.release();
    }
    return exitCodes.done;
  },
});

function renderMirror({ kind, customers, read, removed, api }: MirrorRefreshed): string {
  const how = kind === 'whole' ? 'read completely' : `${read} new or changed, ${removed} removed`;
  return `mirror: ${formatCount(customers, 'customer')}, ${how}\nAPI: ${formatCount(api.requests, 'request')}`;
}
