import { type Cell, cellToText } from '#pipelines/model.js';

/** Ten customers with what goes wrong in migrations; `since` and `lastCall` are civil, `postcode` shows five digits. */
export interface AwkwardCustomer {
  readonly account: string;
  readonly company: string;
  readonly postcode: number;
  readonly since: string;
  readonly lastCall: string;
  readonly opens: string;
  readonly limit: number;
  readonly balance: number;
  readonly mail: boolean;
  readonly phone: string;
  readonly notes: string;
  readonly contact: string;
  readonly trade: string;
  readonly remark: string;
}

/** The same ten for every kind of file and every program that writes one. */
export const typedCustomers: readonly AwkwardCustomer[] = [
  customer(
    '00123',
    'Zoë & Søn A/S',
    800,
    '2024-02-29',
    '2024-02-29T23:59:59',
    '08:30:00',
    1.5,
    0.1,
    true,
    '+61 400 000 001',
    'line one\nline two',
    "O'Brien",
    'Smith, Jones & Co',
    'leading zeros',
  ),
  customer(
    '1.23E+11',
    '東京商事 😀',
    2000,
    '1904-03-01',
    '2000-01-01T00:00:01',
    '00:00:01',
    0,
    -12.34,
    false,
    '0400000002',
    '<b>bold</b> &amp; "quoted"',
    'Zoë',
    'Say "Cheese" Pty',
    'quotes: "a", ""b""',
  ),
  customer(
    '-5',
    'O’Brien – “Fine” Goods',
    99999,
    '1999-12-31',
    '1999-12-31T12:00:00',
    '23:59:59',
    999999.99,
    1e-7,
    true,
    '(02) 9000 0003',
    '  two spaces  inside ',
    '東京 太郎',
    '株式会社',
    'two\nlines',
  ),
  customer(
    '=1+1',
    'Null',
    1,
    '2038-01-19',
    '2038-01-19T03:14:08',
    '12:00:00',
    0.01,
    123456789012345,
    false,
    '00',
    '‘leading quote',
    'Ann 😀',
    'Family 👨‍👩‍👧‍👦',
    'emoji of several parts',
  ),
  customer(
    'NA',
    'TRUE',
    12345,
    '2100-02-28',
    '2100-03-01T06:30:15',
    '06:07:08',
    100,
    1e15,
    true,
    '1/2',
    'back\\slash',
    '=1+1',
    '@SUM(A1)',
    '=HYPERLINK("http://x","y")',
  ),
  customer(
    '12345678901234567890',
    'e\u0301 and é',
    10,
    '2020-11-20',
    '2020-11-20T10:11:12',
    '10:11:12',
    2.675,
    0.3,
    false,
    '٠١٢٣',
    '👩\u200D💻 family',
    'Long',
    '1234567890123456',
    '1.23E+11',
  ),
  customer(
    '@x',
    'a\u00A0b',
    7,
    '1970-01-01',
    '1970-01-01T00:00:01',
    '01:01:01',
    1e6,
    -1,
    true,
    '#5',
    'soft\u00ADhyphen',
    '\u00a0Nbsp\u00a0',
    'a\u200bb',
    'no-break\u00a0space',
  ),
  customer(
    '1-2',
    'Σίσυφος ЩИ',
    4000,
    '2024-12-31',
    '2024-12-31T23:59:58',
    '18:45:30',
    33.33,
    98765.4321,
    false,
    '555;777',
    'a,b;c|d',
    ' leading',
    'trailing ',
    '  ',
  ),
  customer(
    '0x1F',
    '北京市 №1',
    60000,
    '2001-09-09',
    '2001-09-09T01:46:40',
    '15:15:15',
    12.5,
    1 / 3,
    true,
    '911',
    ']]> and $x and %41',
    'Null',
    'NA',
    '',
  ),
  customer(
    'last',
    'zürich',
    8001,
    '1961-07-01',
    '1961-07-01T07:07:07',
    '07:00:00',
    5,
    42,
    false,
    '+41 44',
    'end',
    'semi;colon',
    'pipe|, comma',
    'first\nsecond; "third"\n',
  ),
];

function customer(
  ...values: [
    string,
    string,
    number,
    string,
    string,
    string,
    number,
    number,
    boolean,
    string,
    string,
    string,
    string,
    string,
  ]
): AwkwardCustomer {
  const [account, company, postcode, since, lastCall, opens, limit, balance, mail, ...texts] = values;
  const [phone, notes, contact, trade, remark] = texts;
  return {
    account,
    company,
    postcode,
    since,
    lastCall,
    opens,
    limit,
    balance,
    mail,
    phone,
    notes,
    contact,
    trade,
    remark,
  };
}

export const awkwardColumns = [
  'account',
  'company',
  'postcode',
  'since',
  'lastCall',
  'opens',
  'limit',
  'balance',
  'mail',
  'phone',
  'notes',
  'contact',
  'trade',
  'remark',
] as const;

/** The cells as any right reader of workbooks sees them, without format codes, which are the producer's choice. */
export function expectedCells(customer: AwkwardCustomer): Cell[] {
  return [
    customer.account,
    customer.company,
    { kind: 'number', text: String(customer.postcode).padStart(5, '0'), value: customer.postcode },
    { kind: 'date', text: customer.since },
    { kind: 'date', text: customer.lastCall },
    { kind: 'date', text: customer.opens },
    { kind: 'number', text: limitTexts[customer.limit] ?? customer.limit.toFixed(2), value: customer.limit },
    {
      kind: 'number',
      text: balanceTexts[customer.balance] ?? String(customer.balance),
      value: Number(customer.balance.toPrecision(15)),
    },
    { kind: 'boolean', text: customer.mail ? 'TRUE' : 'FALSE', value: customer.mail },
    customer.phone,
    customer.notes,
    customer.contact,
    customer.trade,
    customer.remark,
  ];
}

/** A cell without its format code, which is the producer's choice, and with the 15 digits that all of them store. */
export function comparableCell(cell: Cell): unknown {
  if (typeof cell === 'string') return cell;
  const { kind, text } = cell;
  if (cell.kind === 'number') return { kind, text, value: Number(cell.value.toPrecision(15)) };
  return cell.kind === 'boolean' ? { kind, text, value: cell.value } : { kind, text };
}

/** Where the binary value would round the other way than the decimal one that people see. */
const limitTexts: Readonly<Record<number, string>> = { 2.675: '2.68' };
const balanceTexts: Readonly<Record<number, string>> = {
  1e-7: '0.0000001',
  [1 / 3]: '0.333333333333333',
};

/** The ten as a file of text shows them. */
export const awkwardCustomers: readonly (readonly string[])[] = typedCustomers.map((customer) =>
  expectedCells(customer).map(cellToText),
);

/** What only text files can say: a tab, a return, and rows that are nothing but line breaks and quotation marks. */
export const csvCustomers = [
  ...awkwardCustomers,
  awkwardColumns.map((_, at) => ['tab\there', 'first\r\nsecond', '"', '\n', '""\r\n,;|\t'][at % 5] ?? ''),
];

/** The same without what windows-1252 has no character for. */
export const westernCustomers = awkwardCustomers.map((cells) =>
  cells.map((cell) => cell.replace(/[^\p{ASCII}\u00a0-\u00ff]/gu, '?')),
);
