import { gzipSync } from 'node:zlib';
import type { Account, Call, Deviation, Fields, Reply } from './deviant-server.js';
import { reply } from './deviant-server.js';

/** What is done with the account while the API deviates. */
export const scenarios = ['add', 'upsert', 'update', 'resume', 'export', 'mirror'] as const;

export type Scenario = (typeof scenarios)[number];

/** A deviation, and with which exit code each scenario ends. */
export interface DeviationCase {
  readonly name: string;
  readonly deviation: Deviation;
  /** @default 0: the program copes, and everything is done */
  readonly ends?: Partial<Readonly<Record<Scenario, number | readonly number[]>>>;
  /** Tried in another test: the program waits before it gives up. */
  readonly skips?: readonly Scenario[];
  /** It cannot be told from an account without customers. @default false */
  readonly looksEmpty?: boolean;
}

const parse = ({ body }: Reply): Fields => JSON.parse(String(body)) as Fields;

/** Another customer than the one that is asked for. */
const findOther = (account: Account, code: string): Fields =>
  account.all().find(({ customerCode }) => customerCode !== code && customerCode !== '0000001') ?? {};

const capped =
  (size: number) =>
  (customers: readonly Fields[], { query }: Call) => {
    const asked = Math.min(size, Number(query.get('liPageSize')));
    const from = (Number(query.get('liPage')) - 1) * asked;
    return customers.slice(from, from + asked);
  };

const withIdentity = (sent: Fields, made: Fields, change: (customer: Fields) => Fields): Reply =>
  reply(202, change({ ...sent, customerId: made.customerId ?? null, customerCode: made.customerCode ?? null }));

/** Does as documented and answers with what `change` makes of the customer. */
const answerAdd =
  (change: (customer: Fields, account: Account) => Fields): NonNullable<Deviation['add']> =>
  ({ body }, account, regular) =>
    withIdentity(body, parse(regular()), (customer) => change(customer, account));

const encode = (answer: Reply, encoding: 'latin1' | 'utf16le', charset: string): Reply => ({
  status: answer.status,
  headers: { 'content-type': `application/json${charset}` },
  body: Buffer.from(String(answer.body), encoding),
});

const everywhere = (change: (answer: Reply, call: Call) => Reply): Deviation => {
  const deviant = (call: Call, _: Account, regular: () => Reply) => change(regular(), call);
  return { list: deviant, detail: deviant, add: deviant, update: deviant };
};

const mapFields = (answer: Reply, change: (name: string, value: Fields[string]) => Fields[string]): Reply => {
  if (answer.status >= 300) return answer;
  const one = (customer: Fields) =>
    Object.fromEntries(Object.entries(customer).map(([name, value]) => [name, change(name, value)]));
  const body = JSON.parse(String(answer.body)) as Fields | readonly Fields[];
  return { ...answer, body: JSON.stringify(Array.isArray(body) ? body.map(one) : one(body as Fields)) };
};

const wrongRead = { update: 4, upsert: 4 } as const;

export const deviations: readonly DeviationCase[] = [
  { name: 'nothing', deviation: {} },
  // Answers to a read.
  {
    name: 'a read answers another customer',
    deviation: { detail: ({ code }, account) => reply(200, findOther(account, code)) },
    ends: wrongRead,
  },
  { name: 'a read answers {}', deviation: { detail: () => reply(200, {}) }, ends: wrongRead },
  {
    name: 'a read answers a message with HTTP 200',
    deviation: { detail: () => reply(200, { message: 'Not found' }) },
    ends: wrongRead,
  },
  // Answers to an add.
  { name: 'an add answers with an empty body', deviation: { add: (_, __, regular) => ({ ...regular(), body: '' }) } },
  { name: 'an add answers {}', deviation: { add: (_, __, regular) => ({ ...regular(), body: '{}' }) } },
  {
    name: 'an add answers with a page for people',
    deviation: {
      add: (_, __, regular) => ({
        ...regular(),
        headers: { 'content-type': 'text/html' },
        body: '<html>Thanks</html>',
      }),
    },
  },
  {
    name: 'an add answers without a code',
    deviation: { add: answerAdd(({ customerCode: _, ...customer }) => customer) },
  },
  {
    name: 'an add answers with its code as a number',
    deviation: { add: answerAdd((customer) => ({ ...customer, customerCode: Number(customer.customerCode) })) },
  },
  {
    name: 'an add answers with its id in another case',
    deviation: {
      add: answerAdd((customer) => ({ ...customer, customerId: String(customer.customerId).toUpperCase() })),
    },
  },
  {
    name: 'an add answers with the content of another customer',
    deviation: {
      add: answerAdd((customer, account) => ({ ...findOther(account, String(customer.customerCode)) })),
    },
  },
  {
    name: 'an add answers with a code that another customer has',
    deviation: {
      add: answerAdd((customer) => ({
        ...customer,
        customerId: '0a1b2c3d-0000-4000-8000-000000000002',
        customerCode: '0000002',
      })),
    },
  },
  {
    name: 'an add answers with the code of the add before',
    deviation: {
      add: ({ body }, account, regular) => {
        const before = account.all().at(-1) ?? {};
        regular();
        return withIdentity(body, before, (customer) => customer);
      },
    },
  },
  {
    name: 'an add answers with the customer of the add before, and adds nobody',
    deviation: {
      add: ({ count, body }, account, regular) =>
        count % 2 === 1 ? regular() : withIdentity(body, account.all().at(-1) ?? {}, (customer) => customer),
    },
    // As the adds are sent again, so is every second one lost again.
    ends: { add: [0, 7], upsert: [0, 7], resume: [0, 7] },
  },
  // Refusals of adds that were done all the same.
  ...([401, 403, 429] as const).map(
    (status): DeviationCase => ({
      name: `every second add is refused with ${status}, and done all the same`,
      deviation: {
        add: ({ count }, _, regular) => {
          const done = regular();
          return count % 2 === 1 ? done : reply(status, { message: 'no' }, { 'retry-after': '0' });
        },
      },
      ...(status === 403 ? { ends: { add: 6, upsert: 6, resume: 6 } } : {}),
    }),
  ),
  // Answers to an update.
  {
    name: 'an update answers 204',
    deviation: { update: (_, __, regular) => ({ ...regular(), status: 204, body: '' }) },
  },
  { name: 'an update answers {}', deviation: { update: (_, __, regular) => ({ ...regular(), body: '{}' }) } },
  {
    name: 'an update changes nothing, and answers with the customer',
    deviation: { update: ({ code }, account) => reply(200, account.find(code) ?? {}) },
    ends: { upsert: 4, update: 4 },
  },
  {
    name: 'an update changes nothing, and answers {}',
    deviation: { update: () => reply(200, {}) },
    ends: { upsert: 4, update: 4 },
  },
  {
    name: 'an update changes nothing, and answers with a message',
    deviation: { update: ({ count }) => reply(200, { message: `Locked (${count})` }) },
    ends: { upsert: 4, update: 4 },
  },
  {
    name: 'an update changes something else',
    deviation: {
      update: ({ code, body }, account) => reply(200, account.replace(code, { ...body, phoneNumber: '' })),
    },
    ends: { upsert: 4, update: 4 },
  },
  {
    name: 'an update answers with another customer',
    deviation: {
      update: ({ code }, account, regular) => {
        regular();
        return reply(200, findOther(account, code));
      },
    },
  },
  {
    name: 'an update is refused with 409 and no body',
    deviation: { update: () => reply(409) },
    ends: { upsert: 4, update: 4 },
  },
  // Types, encodings, bytes.
  {
    name: 'the list leaves out fields in which a customer has nothing',
    deviation: {
      list: (_, __, regular) => {
        const answer = regular();
        const customers = JSON.parse(String(answer.body)) as readonly Fields[];
        const withoutEmail = ({ emailAddress: _, ...customer }: Fields) => customer;
        const body = customers.map((customer) =>
          customer.customerCode === '0000009' ? withoutEmail(customer) : customer,
        );
        return { ...answer, body: JSON.stringify(body) };
      },
    },
  },
  {
    name: 'numbers come as text',
    deviation: everywhere((answer) =>
      mapFields(answer, (_, value) => (typeof value === 'number' ? String(value) : value)),
    ),
  },
  {
    name: 'codes come as numbers',
    deviation: everywhere((answer) =>
      mapFields(answer, (name, value) => (name === 'customerCode' ? Number(value) : value)),
    ),
    // The codes of this server begin with zeros, which numbers do not have.
    ends: { upsert: 4, resume: 5 },
  },
  {
    name: 'the body is in ISO 8859-1, and says so',
    deviation: everywhere((a) => encode(a, 'latin1', '; charset=ISO-8859-1')),
  },
  { name: 'the body is in ISO 8859-1, and does not say so', deviation: everywhere((a) => encode(a, 'latin1', '')) },
  { name: 'the body is in UTF-16', deviation: everywhere((a) => encode(a, 'utf16le', '; charset=utf-16le')) },
  {
    name: 'the body is compressed',
    deviation: everywhere((answer) =>
      answer.status === 204
        ? answer
        : { ...answer, headers: { ...answer.headers, 'content-encoding': 'gzip' }, body: gzipSync(answer.body) },
    ),
  },
  // Lists that are not whole. The pages are small, so that there are several.
  { name: 'pages are capped', deviation: { rules: { cut: capped(5) } } },
  {
    name: 'pages are capped, and not counted',
    deviation: { rules: { cut: capped(5), count: () => undefined } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  { name: 'the count is a text', deviation: { rules: { count: (selected) => String(selected.length) } } },
  {
    name: 'there is no count',
    deviation: { rules: { count: () => undefined } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the count is 0',
    deviation: { rules: { count: () => 0 } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the count is that of the page',
    deviation: { rules: { cut: capped(5), count: (_, page) => page.length } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the count is larger than the list',
    deviation: { rules: { count: (selected) => selected.length + 3 } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the count is smaller than the list',
    deviation: { rules: { count: (selected) => selected.length - 3 } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the count is the cap of the page',
    deviation: { rules: { cut: capped(5), count: (selected) => Math.min(5, selected.length) } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the page is ignored',
    deviation: { rules: { cut: (customers) => customers.slice(0, 5) } },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'pages are counted from 0',
    deviation: {
      rules: {
        cut: (customers, { query }) => {
          const size = Math.min(5, Number(query.get('liPageSize')));
          return customers.slice(Number(query.get('liPage')) * size).slice(0, size);
        },
      },
    },
    ends: { add: 5, upsert: 5, resume: 5, export: 5, mirror: 5 },
  },
  {
    name: 'the order is ignored',
    deviation: { rules: { cut: capped(5), order: (customers) => customers.toReversed() } },
  },
  {
    name: 'the order is another each time',
    deviation: {
      rules: {
        cut: capped(5),
        order: (customers, { count }) => customers.toSorted((a, b) => hash(a, count) - hash(b, count)),
      },
    },
    // By chance, everybody may be seen.
    ends: { add: [0, 5], upsert: [0, 5], resume: [0, 5], export: [0, 5], mirror: [0, 5] },
  },
  { name: 'the filter is ignored', deviation: { rules: { select: (customers) => customers } } },
  {
    name: 'the filter takes the time for a local one',
    deviation: {
      rules: { select: (customers, { query }) => (query.has('filt_LastEditDateUTC_dt_min') ? [] : customers) },
    },
  },
  {
    name: 'the list is a minute old',
    deviation: { rules: { select: (customers) => customers.filter(({ isOld }) => isOld === true) } },
    ends: { resume: 5 },
  },
  {
    name: 'the list is empty',
    deviation: { rules: { select: () => [] } },
    // Whoever has never seen this account cannot know that it is not empty.
    ends: { add: 5, upsert: 5, resume: 5 },
    looksEmpty: true,
    skips: ['add', 'upsert'],
  },
];

/** Some order that is another for each request. */
function hash({ customerCode }: Fields, count: number): number {
  return (Number(customerCode) * 7919 + count * 104_729) % 1009;
}
