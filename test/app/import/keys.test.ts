import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFile } from '#src/app/check/check-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { readResults } from '#test/e2e/customer-files.js';

const place = useTestTenant();
const fields = { customerName: 'Company', phoneNumber: 'Phone', postalCode: 'Post Code' };
const keyed = { key: { column: 'No' }, fields };
const header = 'No,Company,Phone,Post Code';

function useFixture(name: string): void {
  place.write('customers.csv', readFileSync(`fixtures/keys/${name}`, 'utf8'));
}

function write(keys: readonly string[], name = 'Customer', phone = 100): void {
  const lines = keys.map(
    (key, at) => `"${key}",${name} ${at},0491 570 ${phone + at},08${String(at % 100).padStart(2, '0')}`,
  );
  place.write('customers.csv', `${[header, ...lines].join('\n')}\n`);
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(1001 + at));

/** One of each kind, as different rows have them. */
const noKeys = [
  ...['NULL', 'nan', 'N/A', '#N/A', '#REF!', '########', '0', '-1', '-', '?', '...', '*None', '(blank)', 'TBA', 'xxx'],
  ...['new', 'noemail@example.com', '\\N'],
];

describe('a row with a placeholder or damage for a key', () => {
  it('is never sent, night after night, and the others are', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    for (const night of ['Monday', 'Tuesday']) {
      write([...noKeys, ...numbers(40), '12-Mar', '1.00123E+11', '1001.0'], night);
      const { rows, summary } = await place.import();
      expect(summary.exitCode).toBe(4);
      expect(rows.slice(0, noKeys.length).map(({ _errorCode }) => _errorCode)).toEqual(
        noKeys.map(() => 'KEY_PLACEHOLDER'),
      );
      expect(rows.slice(-3).map(({ _errorCode }) => _errorCode)).toEqual([
        'KEY_PLACEHOLDER',
        'NUMBER_DAMAGED',
        'KEY_PLACEHOLDER',
      ]);
      expect(api.customers()).toHaveLength(40);
    }
  });

  it('does not overwrite the customer of another file', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    for (const file of ['hashes-1.csv', 'hashes-2.csv']) {
      useFixture(file);
      const { rows } = await place.import();
      expect(rows).toMatchObject([{ _status: 'invalid', _errorCode: 'KEY_PLACEHOLDER' }]);
    }
    expect(api.customers()).toEqual([]);
  });

  it('does not stop the import where the mapping says that it is a key', async () => {
    const api = await place.openApi();
    place.mapping({ ...keyed, key: { column: 'No', placeholders: { allow: ['0', 'NULL'], also: ['cash'] } } });
    write(['0', 'NULL', 'CASH']);
    const { statuses } = await place.import();
    expect(statuses).toEqual(['created', 'created', 'invalid']);
    expect(api.customers()).toHaveLength(2);
  });
});

describe('a file whose keys are damaged', () => {
  it('is refused before anything is sent; plan and check say so', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    useFixture('damaged.csv');
    const refusal = { code: 'GUARD_KEY_DAMAGE', exitCode: 8 };
    const { done, calls } = await place.measureCalls(() => place.import().catch((error: unknown) => error));
    expect(done).toMatchObject({ ...refusal, nextStep: expect.stringContaining('--override-guards') });
    expect(calls).toEqual({ list: 0, get: 0, post: 0, put: 0, delete: 0 });
    const file = place.path('customers.csv');
    const stopped = { code: 'GUARD_KEY_DAMAGE', message: expect.stringContaining('3 of 5 rows') };
    expect(await planFile(place.settings(), { file })).toMatchObject({ exitCode: 8, stopped });
    expect(await checkFile(place.settings(), { file })).toMatchObject({ exitCode: 8, stopped });
    expect(api.customers()).toEqual([]);
  });

  it('is imported where a person says that these are the keys', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    useFixture('damaged.csv');
    const { rows } = await place.import({ overrideGuards: true });
    expect(rows.map(({ _status, _errorCode }) => [_status, _errorCode])).toEqual([
      ['invalid', 'NUMBER_DAMAGED'],
      ['created', ''],
      ['invalid', 'NUMBER_DAMAGED'],
      ['invalid', 'KEY_PLACEHOLDER'],
      ['invalid', 'KEY_PLACEHOLDER'],
    ]);
    place.mapping({ ...keyed, guards: { keyDamage: false } });
    expect((await place.import()).statuses[1]).toBe('unchanged');
    expect(api.customers()).toHaveLength(1);
  });

  it('is checked row by row as it would be imported, and no row is told twice', async () => {
    await place.openApi();
    place.mapping(keyed);
    write(['NULL', ...numbers(40), '12-Mar']);
    const told: number[] = [];
    const results = place.path('checked.csv');
    const summary = await checkFile(
      place.settings(),
      { file: place.path('customers.csv'), results },
      { invalid: (row) => told.push(row) },
    );
    expect(summary).toMatchObject({ exitCode: 4, stopped: null, counts: { invalid: 2, skipped: 40 } });
    expect(told).toEqual([2, 43]);
    expect(readResults(readFileSync(results, 'utf8')).at(-1)?._errorCode).toBe('KEY_PLACEHOLDER');
  });
});

describe('keys that a program took for decimal numbers', () => {
  it('are those of the customers that are known', async () => {
    const api = await place.openApi();
    place.mapping({ key: { column: 'No' }, fields: { customerName: 'Company' }, unmapped: 'ignore' });
    useFixture('integers.csv');
    await place.import();
    useFixture('floats.csv');
    const { summary, statuses } = await place.import();
    expect(statuses).toEqual(['unchanged', 'unchanged', 'invalid']);
    expect(summary.findings.filter(({ code }) => code === 'KEYS_WERE_FLOATS')).toMatchObject([
      { count: 2, value: '1001.0', columns: ['No'] },
    ]);
    expect(api.customers()).toHaveLength(2);
  });
});

describe('an e-mail address as a key', () => {
  it('is the same in any case, also as a stamp', async () => {
    const api = await place.openApi();
    const mapping = JSON.parse(readFileSync('fixtures/keys/email.mapping.json', 'utf8'));
    place.mapping({ ...mapping, key: { ...mapping.key, stamp: 'cC_001' } });
    useFixture('email-1.csv');
    await place.import();
    useFixture('email-2.csv');
    const { summary } = await place.import();
    expect(summary.exitCode).toBe(0);
    expect(api.customers()).toHaveLength(2);
  });
});

describe('two branches with the same numbers', () => {
  const branch = (source: string) => ({ ...keyed, key: { column: 'No', source, stamp: 'cC_001' } });

  const shops = [
    ['shop-a', 100],
    ['shop-b', 200],
  ] as const;

  it('have customers of their own, found again by key and by stamp', async () => {
    const api = await place.openApi();
    for (const [name, phone] of [...shops, ...shops]) {
      place.mapping(branch(name));
      write(numbers(3), name, phone);
      const { summary } = await place.import();
      expect(summary.exitCode).toBe(0);
    }
    expect(api.customers().map(({ customerName, cC_001 }) => [customerName, cC_001])).toEqual([
      ...[0, 1, 2].map((at) => [`shop-a ${at}`, `shop-a: ${1001 + at}`]),
      ...[0, 1, 2].map((at) => [`shop-b ${at}`, `shop-b: ${1001 + at}`]),
    ]);
  });

  it('are named in messages', async () => {
    await place.openApi();
    place.mapping({ ...branch('shop-a'), mode: 'update' });
    write(['1001']);
    const { rows } = await place.import();
    expect(rows[0]?._error).toContain('"shop-a: 1001"');
  });
});

describe('a column that does not hold keys', () => {
  it('is refused where many rows repeat a key with another name', async () => {
    await place.openApi();
    place.mapping(keyed);
    write(Array.from({ length: 20 }, (_, at) => ['Sydney', 'Perth'][at % 2] ?? ''));
    await expect(place.import()).rejects.toMatchObject({ code: 'GUARD_KEY_DAMAGE', exitCode: 8 });
  });
});
