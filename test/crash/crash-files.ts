/** A kind of import that crashes are rehearsed with: its mapping, its file, and what the API holds before. */
export interface Flavour {
  readonly name: string;
  readonly mapping: object;
  /** Imported in peace first, so that the file meets customers that are there. */
  readonly before?: readonly string[];
  readonly lines: readonly string[];
}

export const header = 'No,Name,Post Code,Email,Limit';

const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: { column: 'Email', transform: ['email'] },
  creditLimit: { column: 'Limit', type: 'number' },
};

/**
 * `count` rows of which most are good and each of another customer. Some share an office, so that they look alike; one
 * in fifty cannot be mapped; and some say again what an earlier row says, in the same words or in others.
 */
function lines(count: number, limit: (row: number) => number = (row) => 100 + row): string[] {
  const rows = Array.from({ length: count }, (_, row) => {
    const no = String(row + 1).padStart(4, '0');
    const sharesOffice = row % 10 === 3;
    const email = sharesOffice ? 'office@example.com' : `c${no}@example.com`;
    const post = sharesOffice ? '0800' : `0${800 + (row % 100)}`;
    return `C-${no},Customer ${no},${post},${email},${row % 50 === 40 ? 'much' : limit(row)}`;
  });
  for (const [at, repeated] of [
    [51, 50],
    [200, 50],
    [210, 130],
  ] as const)
    if (at < count) rows[at] = rows[repeated] ?? '';
  if (count > 120) rows[120] = (rows[60] ?? '').replace(/\d+$/, '7');
  return rows;
}

export const flavours: readonly Flavour[] = [
  { name: 'with a key', mapping: { version: 1, mode: 'add', key: { column: 'No' }, fields }, lines: lines(300) },
  {
    name: 'with a key that is stamped',
    mapping: { version: 1, mode: 'add', key: { column: 'No', stamp: 'cC_001' }, fields },
    lines: lines(300),
  },
  { name: 'without a key', mapping: { version: 1, mode: 'add', ignore: ['No'], fields }, lines: lines(300) },
  {
    name: 'of old and new customers',
    mapping: { version: 1, mode: 'upsert', key: { column: 'No' }, fields },
    before: lines(150),
    lines: lines(300, (row) => (row % 2 === 0 ? 100 + row : 5000 + row)),
  },
];
