import type { Sandbox } from '#src/sandbox/start-sandbox.js';

/** Texts that files, spreadsheet programs and careless exports spoil. */
export const awkwardTexts = [
  '007',
  '00000',
  "O'Brien",
  'say "cheese"',
  '"',
  "'",
  'Smith, Jones; & Co|x',
  'two\nlines',
  '\nfirst line blank',
  ' leading and trailing ',
  'tab\tinside',
  '=1+1',
  '=HYPERLINK("http://example.com","click")',
  '@SUM(A1:A9)',
  '+61 3 9999 0000',
  '+1+1',
  '-5',
  '-1+cmd',
  '- call back',
  '--',
  "'=escaped before",
  "''=twice",
  "'-5",
  '＝wide',
  ' =after a space',
  '12345678901234567890',
  '1234567890123456',
  '1e5',
  '1/2',
  '2024-02-29',
  'TRUE',
  'null',
  'NA',
  '_x0041_ and _x000D_',
  '<b>&amp;</b>',
  'Zoë – “東京” Ω',
  '😀 👨‍👩‍👧‍👦',
  'e\u0301 is not \u00e9',
  'no\u00a0break',
  '٠١٢٣',
  'שלום',
] as const;

/** Carriage returns, which spreadsheet programs turn into line feeds when they save. */
export const returningTexts = ['first\r\nsecond', 'old\rMac', '\r\n=1+1'] as const;

const awkwardAmounts = [0, -5, 0.1, -0.01, 1234567.89, 2.675, 123456789012345, 1e-7, 99.9] as const;

const awkwardDates = ['1899-12-31', '1900-01-01', '1900-02-28', '1900-03-01', '1969-12-31', '2024-02-29', ''] as const;

/** Customers that hold all of them, and blanks and nulls besides. */
export function awkwardCustomers(texts: readonly string[] = [...awkwardTexts, ...returningTexts]) {
  return texts.map((text, index) => ({
    customerName: text,
    notes: index % 3 === 0 ? null : index % 3 === 1 ? '' : `Note ${text}`,
    postalCode: `0${800 + index}`,
    phoneNumber: index % 2 === 0 ? `+61 2 ${5500 + index} 0000` : '(02) 9999-0000',
    creditLimit: awkwardAmounts[index % awkwardAmounts.length],
    priceBand: index % 4,
    active: index % 5 !== 0,
    allowMailing: index % 2 === 0,
    cC_001: `A-${index}`,
    cC_002: awkwardDates[index % awkwardDates.length],
    cC_003: texts[(index * 7) % texts.length],
  }));
}

/** A mapping with columns for all that they hold. */
export const awkwardMapping = {
  version: 1,
  mode: 'update',
  fields: {
    customerCode: 'Code',
    customerName: 'Name',
    notes: 'Notes',
    postalCode: 'Post Code',
    phoneNumber: 'Phone',
    creditLimit: { column: 'Limit', type: 'number', decimal: ',' },
    priceBand: { column: 'Band', type: 'integer' },
    active: { column: 'Active', type: 'boolean', true: ['Ja'], false: ['Nein'] },
    allowMailing: { column: 'Mail', type: 'boolean' },
    cC_001: 'Account',
    cC_002: { column: 'Since', type: 'date', format: 'DD.MM.YYYY' },
    cC_003: 'Remark',
  },
};

/** Puts customers into a sandbox as a client of its API does. */
export async function addCustomers(sandbox: Sandbox, customers: readonly object[]): Promise<void> {
  const basic = Buffer.from(`${sandbox.username}:${sandbox.password}`).toString('base64');
  const login = await fetch(`${sandbox.baseUrl}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
  });
  const { bearerToken } = (await login.json()) as { bearerToken: string };
  const headers = { authorization: `Bearer ${bearerToken}`, 'content-type': 'application/json' };
  for (const customer of customers) {
    const answer = await fetch(`${sandbox.baseUrl}/customers`, {
      method: 'POST',
      headers,
      body: JSON.stringify(customer),
    });
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
  }
}
