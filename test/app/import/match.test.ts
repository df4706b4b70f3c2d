import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Customer } from '#pipelines/model.js';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();
const fields = {
  customerName: 'Company',
  emailAddress: 'Mail',
  phoneNumber: { column: 'Phone', transform: [{ phone: { country: 'AU' } }] },
};
const match = [['emailAddress'], ['phoneNumber', 'customerName']];
const keyless = { mode: 'upsert', match, fields, unmapped: 'ignore' };

async function open(...customers: readonly Customer[]): Promise<Sandbox> {
  const api = await place.openApi();
  const client = await openClient(api);
  for (const customer of customers) await client.add(customer);
  return api;
}

function write(...lines: readonly string[]): void {
  place.write('customers.csv', `${['No,Company,Mail,Phone', ...lines].join('\n')}\n`);
}

function useFixture(name: string): void {
  place.write('customers.csv', readFileSync(`fixtures/match/${name}`, 'utf8'));
}

function useMapping(name: string): void {
  place.mapping(JSON.parse(readFileSync(`fixtures/match/${name}`, 'utf8')));
}

describe('lists of fields to match by', () => {
  it('are tried in turn: a blank field passes to the next list, and so does a value that nobody has', async () => {
    const api = await open(
      { customerName: 'Koala Pty Ltd', emailAddress: 'koala@x.example', phoneNumber: '0491 570 156' },
      { customerName: 'Wren', emailAddress: 'wren@x.example', phoneNumber: '0491 570 157' },
    );
    place.mapping(keyless);
    write('1,KOALA,,+61 491 570 156', '2,Wren,new@x.example,0491570157');
    const { statuses } = await place.import();
    expect(statuses).toEqual(['updated', 'updated']);
    expect(api.customers()).toHaveLength(2);
  });

  it('leave a row without a key invalid when all are blank, and one with a key new', async () => {
    await open({ customerName: 'Koala', emailAddress: 'koala@x.example' });
    place.mapping(keyless);
    write('1,Wren,,');
    expect((await place.import()).rows[0]?._errorCode).toBe('MATCH_BLANK');
    place.mapping({ ...keyless, key: { column: 'No' } });
    expect((await place.import()).statuses).toEqual(['created']);
  });

  it('take an address that stands for none as blank', async () => {
    await open({ customerName: 'Koala', emailAddress: 'noemail@x.example' });
    place.mapping({ ...keyless, match: ['emailAddress'] });
    write('1,Wren,noemail@x.example,');
    expect((await place.import()).rows[0]?._errorCode).toBe('MATCH_BLANK');
  });
});

describe('a phone number in other notations', () => {
  it.each(['phone-2.csv', 'phone-3.csv'])('is that of the customer: %s', async (file) => {
    const api = await open();
    useMapping('phone.mapping.json');
    useFixture('phone-1.csv');
    await place.import();
    useMapping('phone-in-country.mapping.json');
    useFixture(file);
    const { summary } = await place.import();
    expect(summary.counts.created).toBe(0);
    expect(api.customers()).toHaveLength(2);
  });
});

describe('a phone number without a country', () => {
  it('is of the country of the profile, where neither mapping nor row names one', async () => {
    const api = await open({ customerName: 'Koala', phoneNumber: '0491 570 156' });
    place.mapping({
      mode: 'upsert',
      match: ['phoneNumber'],
      fields: { customerName: 'Company', phoneNumber: 'Phone' },
      unmapped: 'ignore',
    });
    write('1,Koala Pty Ltd,,+61 491 570 156');
    const country = { value: 'AU', origin: 'test' } as const;
    await importFile({ ...place.settings(), country }, { file: place.path('customers.csv') });
    expect(api.customers()).toMatchObject([{ customerName: 'Koala Pty Ltd' }]);
  });
});

describe('an e-mail address in another case', () => {
  it('is that of the customer', async () => {
    const api = await open();
    useMapping('email.mapping.json');
    for (const file of ['email-1.csv', 'email-2.csv', 'email-1.csv']) {
      useFixture(file);
      expect((await place.import()).summary.exitCode).toBe(0);
    }
    expect(api.customers()).toHaveLength(1);
  });
});

describe('a new key that fits a customer of another key', () => {
  const keyed = { ...keyless, key: { column: 'No', source: 'shop-a' } };

  it('is another member of the family where the name is another, and asked about where it is the same', async () => {
    const api = await open();
    place.mapping(keyed);
    write('1,Ann Lee,lee@x.example,');
    await place.import();
    write('2,Ben Lee,lee@x.example,', '3,ANN LEE,lee@x.example,');
    const { rows } = await place.import();
    expect(rows.map(({ _status, _errorCode }) => `${_status} ${_errorCode}`)).toEqual([
      'created ',
      'invalid MATCH_TAKEN',
    ]);
    expect(rows[1]?._error).toContain('"shop-a: 1"');
    expect(api.customers()).toHaveLength(2);
  });

  it('is linked where the other key is of another source', async () => {
    const api = await open();
    place.mapping(keyed);
    write('1,Ann Lee,lee@x.example,');
    await place.import();
    place.mapping({ ...keyless, key: { column: 'No', source: 'shop-b' } });
    write('77,Ann Lee,lee@x.example,');
    expect((await place.import()).statuses).toEqual(['unchanged']);
    expect(api.customers()).toHaveLength(1);
  });
});

describe('a customer that fits, and is somebody else', () => {
  const people = { firstName: 'First', lastName: 'Last', emailAddress: 'Mail' };
  const commanded = { mode: 'upsert', match: ['emailAddress'], command: { column: 'Do' }, fields: people };
  const writePeople = (...lines: readonly string[]) =>
    place.write('customers.csv', `${['Do,First,Last,Mail', ...lines].join('\n')}\n`);

  it.each(['MERGE', 'REPLACE', 'DELETE'])(
    'is not touched by %s, also where this program has added it',
    async (word) => {
      const api = await place.openApi();
      place.mapping(commanded);
      writePeople('MERGE,Ann,Lee,family@lee.example');
      await place.import();
      const before = api.customers();
      writePeople(`${word},Bob,Lee,family@lee.example`);
      const { rows, summary } = await place.import();
      expect(rows[0]).toMatchObject({ _status: 'invalid', _errorCode: 'POSSIBLE_DUPLICATE' });
      expect(summary).toMatchObject({ exitCode: 4, waiting: 1 });
      expect(api.customers()).toEqual(before);
    },
  );

  it('is updated where only the last name is another, as after a marriage', async () => {
    const api = await place.openApi();
    place.mapping(commanded);
    writePeople('MERGE,Ann,Lee,ann@lee.example');
    await place.import();
    writePeople('MERGE,Ann,Weiss,ann@lee.example');
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(api.customers()).toMatchObject([{ firstName: 'Ann', lastName: 'Weiss' }]);
  });
});

describe('rows without a key that match one customer', () => {
  it.each([
    ['by the same value', ['1,Koala,koala@x.example,', '2,Koala Pty Ltd,koala@x.example,0491570111']],
    ['by different fields', ['1,Koala,koala@x.example,', '2,KOALA,,0491 570 156']],
  ])('all wait, %s, also where this program has added it; the others go on', async (_name, lines) => {
    const api = await open();
    place.mapping(keyless);
    write('9,Koala,koala@x.example,0491570156');
    await place.import();
    const [koala] = api.customers();
    write('7,Wren,wren@x.example,', ...lines);
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect(planned.counts).toMatchObject({ add: 1, invalid: 2 });
    const { rows, summary } = await place.import();
    expect(rows.map(({ _status, _errorCode }) => `${_status} ${_errorCode}`)).toEqual([
      'created ',
      'invalid MATCH_AMBIGUOUS',
      'invalid MATCH_AMBIGUOUS',
    ]);
    expect(summary).toMatchObject({ exitCode: 4, waiting: 2 });
    expect(api.customers()[0]).toEqual(koala);
  });

  it('that nobody is yet: the first is added, and the other names it; of equal rows only one counts', async () => {
    const api = await open();
    place.mapping(keyless);
    write(
      '1,Koala,koala@x.example,',
      '2,Koala Zoo,koala@x.example,',
      '3,Wren,wren@x.example,',
      '3,Wren,wren@x.example,',
    );
    const { rows } = await place.import();
    expect(rows.map(({ _status, _errorCode }) => `${_status} ${_errorCode}`)).toEqual([
      'created ',
      'invalid MATCH_REPEATED',
      'created ',
      'skipped SAME_AS_ROW',
    ]);
    expect(api.customers()).toHaveLength(2);
  });
});

describe('a firm with quite another name', () => {
  const firms = {
    mode: 'upsert',
    match: ['emailAddress'],
    fields: { customerName: 'Company', emailAddress: 'Mail', phoneNumber: 'Phone', postalCode: 'Post Code' },
  };
  const koala = { customerName: 'Koala Cafe', emailAddress: 'ann@koala.example', phoneNumber: '0491570156' };
  const writeFirm = (line: string) => place.write('customers.csv', `Company,Mail,Phone,Post Code\n${line}\n`);

  it.each([
    ['waits where its phone number is another, too', koala, 'Zenith Plumbing,ann@koala.example,0491570999,', 'invalid'],
    [
      'waits where its post code is another',
      { ...koala, postalCode: '0800' },
      'Zenith,ann@koala.example,,4870',
      'invalid',
    ],
    [
      'waits where only the mailbox of a desk is the same',
      { ...koala, emailAddress: 'info@center.example' },
      'Zenith Plumbing,info@center.example,,',
      'invalid',
    ],
    ['is the customer under a new name where nothing else differs', koala, 'Zenith,ann@koala.example,,', 'updated'],
    ['and where the phone number is the same', koala, 'Zenith,ann@koala.example,0491 570 156,4870', 'updated'],
  ])('%s', async (_name, there, line, status) => {
    const api = await open(there);
    place.mapping(firms);
    writeFirm(line);
    const { statuses, rows } = await place.import();
    expect([statuses, rows[0]?._errorCode]).toEqual([[status], status === 'invalid' ? 'POSSIBLE_DUPLICATE' : '']);
    expect(api.customers()[0]?.customerName).toBe(status === 'invalid' ? 'Koala Cafe' : line.split(',')[0]);
    const again = await place.import();
    expect(again.statuses).toEqual([status === 'invalid' ? 'invalid' : 'unchanged']);
  });
});

describe('a row with a key and a customerCode', () => {
  const coded = {
    mode: 'upsert',
    key: { column: 'No' },
    fields: { customerCode: 'Code', firstName: 'First', emailAddress: 'Mail' },
  };
  const writeCoded = (...lines: readonly string[]) =>
    place.write('customers.csv', `${['No,Code,First,Mail', ...lines].join('\n')}\n`);

  it('is invalid when the key stands for another customer than the code names', async () => {
    const api = await place.openApi();
    place.mapping(coded);
    writeCoded('1,,Ann,ann@x.example', '2,,Bob,bob@y.example');
    await place.import();
    const before = api.customers();
    const bob = before.find(({ firstName }) => firstName === 'Bob')?.customerCode;
    writeCoded(`1,${String(bob)},Ann,ann@x.example`);
    expect((await place.import()).rows[0]).toMatchObject({ _status: 'invalid', _errorCode: 'KEY_CONTRADICTED' });
    expect(api.customers()).toEqual(before);
  });

  it('is invalid when a row with another key names the same customer', async () => {
    const api = await open({ firstName: 'Ann', emailAddress: 'ann@x.example' });
    place.mapping(coded);
    writeCoded('1,0000001,Ann,ann@x.example', '2,0000001,Bob,bob@y.example');
    const { rows } = await place.import();
    expect(rows.map(({ _status, _errorCode }) => [_status, _errorCode])).toEqual([
      ['unchanged', ''],
      ['invalid', 'CODE_REPEATED'],
    ]);
    expect(api.customers()).toMatchObject([{ firstName: 'Ann' }]);
  });
});
