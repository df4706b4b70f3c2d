import { describe, expect, it } from 'vitest';
import { decisionBasis } from '#pipelines/import/decisions.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { fast, readResults } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();

const mapping = {
  version: 1,
  mode: 'upsert',
  key: { column: 'No' },
  fields: {
    customerName: 'Name',
    firstName: 'First',
    lastName: 'Last',
    address: 'Street',
    postalCode: 'Post Code',
    phoneNumber: { column: 'Phone', transform: [{ phone: { country: 'AU' } }] },
    emailAddress: 'Email',
  },
};

const ann = 'A-1,,Ann,Miller,15 High Street,7315,0491 570 156,ann.miller@mail.example';
const annAgain = 'A-2,"MILLER, ANN",,,,,+61 491 570 156,';
const son = 'A-3,,Tom,Miller,15 High Street,7315,0491 570 156,tom@mail.example';
const roma = 'A-4,Roma Bakery Pty Ltd,,,1 Low Rd,2750,02 5550 1201,info@roma.example';
const romaElsewhere = 'A-5,Roma Bakery,,,99 Long Ave,2150,02 5550 1201,info@roma.example';

function writeFile(...lines: readonly string[]): void {
  place.write('mappings.json', JSON.stringify(mapping));
  place.write('customers.csv', ['No,Name,First,Last,Street,Post Code,Phone,Email', ...lines, ''].join('\n'));
}

describe('duplicates', () => {
  it('finds rows that are one customer, and pairs for a person to decide, without the network', async () => {
    writeFile(ann, annAgain, son, roma, romaElsewhere);
    const { exitCode, stdout, stderr } = await place.run(['duplicates', 'customers.csv']);
    expect(stderr).not.toContain('Error');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('2 rows of the file are 1 customer:');
    expect(stdout).toContain('row 3 (A-2): MILLER, ANN');
    expect(stdout).toContain('same phone number');
    expect(stdout).toContain('1 pair for a person to decide:');
    expect(stdout).toContain('row 6 (A-5): Roma Bakery');
    expect(stdout).toContain('branches: the place differs');
    expect(stdout).not.toContain('Tom');
    expect(stdout).toContain('Next: add --results <file.xlsx>');
  });

  it('ends with 0 when nobody is there twice, and with 4 when somebody is and the caller wants to know', async () => {
    writeFile(ann, son, roma);
    const clean = await place.run(['duplicates', 'customers.csv', '--exit-code']);
    expect(clean).toMatchObject({ exitCode: 0 });
    expect(clean.stdout).toContain('nobody is there twice');
    writeFile(ann, annAgain);
    expect(await place.run(['duplicates', 'customers.csv', '--exit-code'])).toMatchObject({ exitCode: 4 });
  });

  it('writes what it found side by side, and only then', async () => {
    writeFile(ann, annAgain, roma, romaElsewhere);
    await place.run(['duplicates', 'customers.csv', '--results', 'found.review.csv']);
    const rows = readResults(place.read('found.review.csv').replace('\ufeff', ''));
    expect(rows).toMatchObject([
      { _row: '3', decision: '', candidate: 'row 2', 'account.firstName': 'Ann', customerName: 'MILLER, ANN' },
      { _row: '5', candidate: 'row 4', 'account.customerName': 'Roma Bakery Pty Ltd', postalCode: '2150' },
    ]);
    expect(rows.map(({ _reason }) => _reason?.split(':')[0])).toEqual(['SAME_CUSTOMER', 'POSSIBLE_DUPLICATE']);
    await place.run(['duplicates', 'customers.csv', '--results', 'found.xlsx']);
    expect(place.files()).toContain('found.xlsx');
    writeFile(ann);
    const { stdout } = await place.run(['duplicates', 'customers.csv', '--results', 'none.xlsx', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ files: { review: null } });
    expect(place.files()).not.toContain('none.xlsx');
  });

  it('refuses a name that is no review file, and the input itself', async () => {
    writeFile(ann);
    expect(await place.run(['duplicates', 'customers.csv', '--results', 'found.pdf'])).toMatchObject({ exitCode: 2 });
    const { stderr } = await place.run(['duplicates', 'customers.csv', '--results', 'customers.csv']);
    expect(stderr).toContain('is the input itself');
  });

  it('reads standard input', async () => {
    writeFile();
    const stdin = ['No,Name,First,Last,Street,Post Code,Phone,Email', ann, annAgain, ''].join('\n');
    const { stdout } = await place.run(['duplicates', '-', '--json'], { stdin });
    expect(JSON.parse(stdout)).toMatchObject({ account: null, counts: { groups: 1, rowsInGroups: 2, reviews: 0 } });
  });

  it('compares with the account on request, and writes nothing there', async () => {
    const api = await place.openApi();
    writeFile(ann, roma);
    await place.run(['import', 'customers.csv', ...fast]);
    writeFile('B-1,,Annie,Miller,15 High St,7315,0491570156,', 'B-2,,Eve,Adams,,,,eve@mail.example');
    const before = api.requests().filter(({ method }) => method !== 'GET').length;
    const { stdout, exitCode } = await place.run(['duplicates', 'customers.csv', '--account', '--json', ...fast]);
    expect(exitCode).toBe(0);
    const code = api.customers().find(({ lastName }) => lastName === 'Miller')?.customerCode;
    expect(JSON.parse(stdout)).toMatchObject({
      account: { customers: 2, knownRows: 0 },
      counts: { groups: 0, matches: 1, accountGroups: 0, reviews: 0 },
      matches: [
        {
          records: [
            { row: 2, key: 'B-1' },
            { row: null, customerCode: code },
          ],
        },
      ],
    });
    expect(api.requests().filter(({ method }) => method !== 'GET')).toHaveLength(before);
  });

  it('does not compare rows whose customer is known by their key', async () => {
    await place.openApi();
    writeFile(ann, roma);
    await place.run(['import', 'customers.csv', ...fast]);
    const { stdout } = await place.run(['duplicates', 'customers.csv', '--account', '--json', ...fast]);
    expect(JSON.parse(stdout)).toMatchObject({
      account: { customers: 2, knownRows: 2 },
      counts: { groups: 0, matches: 0, accountGroups: 0, reviews: 0 },
    });
  });

  it('does not ask again about a row of which somebody has decided that it is another customer', async () => {
    const api = await place.openApi();
    writeFile(ann);
    await place.run(['import', 'customers.csv', ...fast]);
    writeFile(annAgain);
    const command = ['duplicates', 'customers.csv', '--account', '--json', ...fast];
    const count = async () => JSON.parse((await place.run(command)).stdout).counts.matches;
    expect(await count()).toBe(1);
    const ledger = openLedger(place.path('home/.local/state/mypos-customers'), {
      baseUrl: api.baseUrl,
      login: api.username,
    });
    const draft = { customerName: 'MILLER, ANN', phoneNumber: '+61491570156' };
    const decision = { subject: 'key A-2', decision: 'new' as const, rowBasis: decisionBasis(draft), decidedAtMs: 0 };
    ledger.decisions.save([decision]);
    ledger.close();
    expect(await count()).toBe(0);
  });

  it('finds customers who are in the account twice', async () => {
    await place.openApi();
    writeFile(ann, annAgain);
    await place.run(['import', 'customers.csv', ...fast]);
    writeFile(roma);
    const { stdout } = await place.run(['duplicates', 'customers.csv', '--account', ...fast]);
    expect(stdout).toContain('1 customer is in the account several times:');
  });
});

it('check --duplicates finds them among the valid rows', async () => {
  writeFile(ann, annAgain, roma);
  const { stdout, exitCode } = await place.run(['check', 'customers.csv', '--duplicates']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('2 rows of the file are 1 customer:');
  expect(stdout).toContain('Next: mypos-customers import customers.csv --first 5');
  const { stdout: json } = await place.run(['check', 'customers.csv', '--duplicates', '--json']);
  expect(JSON.parse(json).duplicates.groups).toMatchObject([{ records: [{ key: 'A-1' }, { key: 'A-2' }] }]);
});
