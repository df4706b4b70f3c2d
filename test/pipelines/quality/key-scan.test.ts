import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { findKeyDamage, refusesKeys, startKeyScan } from '#pipelines/quality/key-scan.js';

const columns = ['No', 'Name'];

function compile() {
  const parsed = parseMapping({ key: { column: 'No' }, fields: { customerName: 'Name' } });
  const compiled = parsed.ok ? compileMapping(parsed.mapping, columns) : parsed;
  if (!compiled.ok || !('compiled' in compiled)) throw new Error(JSON.stringify(compiled));
  return compiled.compiled;
}

/** What a file with these keys, and names, comes to. */
function scan(rows: readonly (readonly [key: string, name: string])[]) {
  const mapper = compile();
  const scanned = startKeyScan(mapper, columns);
  const all = rows.map((cells, index) => ({ index, number: index + 2, cells }));
  for (const row of all) scanned?.add(row);
  const report = scanned?.report();
  if (report === undefined) throw new Error('The mapping has no key.');
  const read = mapper.withKeyReadings(report.readings);
  return {
    report,
    keys: all.map((row) => {
      const { key, reasons } = read.map(row);
      return key ?? reasons[0]?.code;
    }),
    damage: findKeyDamage(report, rows.length),
  };
}

const named = (keys: readonly string[]) => keys.map((key, at) => [key, `Customer ${at}`] as const);

function count(size: number, make: (at: number) => string): string[] {
  return Array.from({ length: size }, (_, at) => make(at));
}

describe('the keys of a file', () => {
  it('lose the ".0" that all of them have, and blank ones are no reason against it', () => {
    const { keys, report, damage } = scan(named(['1001.0', '1002.0', 'nan', '', '1003.00']));
    expect(keys).toEqual(['1001', '1002', 'KEY_PLACEHOLDER', 'KEY_MISSING', '1003']);
    expect(report.floats).toMatchObject({ column: 'No', example: '1001.0', count: 3 });
    expect(damage).toBeUndefined();
  });

  it('are refused where only some of them have a ".0"', () => {
    const { keys, damage } = scan(named([...count(20, (at) => `10${at + 10}`), '1001.0']));
    expect(keys.at(-1)).toBe('KEY_PLACEHOLDER');
    expect(keys.slice(0, -1)).not.toContain('KEY_PLACEHOLDER');
    expect(damage).toBeUndefined();
    expect(scan(named([...count(8, (at) => `10${at + 10}`), '1001.0'])).damage).toContain(
      '1 of 9 rows have a key that a spreadsheet program has damaged (first row 10, key "1001.0")',
    );
  });

  it('count chapters where some have other decimals, and stay as they are', () => {
    expect(scan(named(['1.0', '1.1', '1.2', '2.0'])).keys).toEqual(['1.0', '1.1', '1.2', '2.0']);
  });

  it('are refused where they look like dates and others do not', () => {
    const keys = [...count(30, (at) => `12-${at + 100}`), '12-Mar'];
    expect(scan(named(keys)).keys.at(-1)).toBe('KEY_PLACEHOLDER');
    expect(scan(named(keys)).damage).toBeUndefined();
    expect(scan(named(['12-100', '12-Mar', '1/2/2024'])).damage).toContain('2 of 3 rows');
  });

  it('may all be dates', () => {
    const { keys, report, damage } = scan(named(['2024-03-01', '2024-03-02']));
    expect(keys).toEqual(['2024-03-01', '2024-03-02']);
    expect(refusesKeys(report)).toBe(false);
    expect(damage).toBeUndefined();
  });

  it('stop the import where more than a tenth of them have lost digits', () => {
    expect(scan(named(['1.00123E+11', '1.00124E+11'])).damage).toContain('2 of 2 rows');
    expect(scan(named([...count(9, String), '1.00123E+11'])).damage).toBeUndefined();
  });

  it('of 16 digits are refused where all of them end in zeros', () => {
    const rounded = count(3, (at) => `40128888888${at}8880`);
    expect(scan(named(rounded.map((key) => key.replace(/.$/, '0')))).keys).toEqual(
      rounded.map(() => 'KEY_PLACEHOLDER'),
    );
    expect(scan(named([...rounded, '4012888888881881'])).keys).toEqual([...rounded, '4012888888881881']);
  });

  it('are none where many rows repeat one with another name', () => {
    const shops = count(12, (at) => ['1', '2', '3', '4'][at % 4] ?? '');
    expect(scan(named(shops)).damage).toContain('8 of 12 rows repeat the key of an earlier row with another name');
    // A name that is written in another way is the same.
    const same = shops.map((key, at) => [key, at % 2 === 0 ? `KOALA ${key}` : `Koala, ${key}`] as const);
    expect(scan(same).damage).toBeUndefined();
    // Five are an accident, and a placeholder is not a repeated key.
    expect(scan(named(['1', '1', '1', '1', '1', '1', '2'])).damage).toBeUndefined();
    expect(scan(named(count(20, () => 'NULL'))).damage).toBeUndefined();
  });

  it('may have no names to compare', () => {
    const rows = count(20, () => '7').map((key) => [key, ''] as const);
    expect(scan(rows).damage).toBeUndefined();
  });
});
