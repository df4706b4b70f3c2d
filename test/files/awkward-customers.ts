/** Customers that spreadsheets and careless readers spoil; the first row names the columns. */
export const awkwardColumns = ['Code', 'Name', 'Company', 'Phone', 'Post Code', 'Notes'] as const;

export const awkwardCustomers: readonly (readonly string[])[] = [
  ['00123', "O'Brien", 'Smith, Jones & Co', '0412 345 678', '0810', 'leading zeros'],
  ['2', 'Zoë', 'Say "Cheese" Pty', '+61 2 9999 0000', '2000', 'quotes: "a", ""b""'],
  ['3', '東京 太郎', '株式会社', '03-1234-5678', '100-0001', 'two\nlines'],
  ['4', 'Ann 😀', 'Family 👨‍👩‍👧‍👦', '1', '7315', 'emoji of several parts'],
  ['5', '=1+1', '@SUM(A1)', '-5', '+49', '=HYPERLINK("http://x","y")'],
  ['12345678901234567890', 'Long', 'Digits', '1234567890123456', '00000', '1.23E+11'],
  ['7', '\u00a0Nbsp\u00a0', 'a\u200bb', '0', '1', 'no-break\u00a0space'],
  ['8', ' leading', 'trailing ', '  ', '2', 'spaces stay'],
  ['9', 'Null', 'NA', 'TRUE', 'nan', ''],
  ['10', 'semi;colon', 'tab\tpipe|', 'comma,', '#N/A', 'first\r\nsecond; "third"\n'],
];

/** The same without what windows-1252 has no character for. */
export const westernCustomers = awkwardCustomers.map((cells) =>
  cells.map((cell) => cell.replace(/[^\p{ASCII}\u00a0-\u00ff]/gu, '?')),
);
