import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fast, readResults } from './customer-files.js';
import { useSample } from './samples.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

describe('au-500.csv, whose lines end in CR only', () => {
  it('is imported completely, each row with the code that the API holds for it, in the order of the file', async () => {
    const api = await place.openApi();
    useSample(place, 'au-500');
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'completed',
      input: { rows: 500, detected: { lineEnd: 'CR' } },
      counts: { created: 500, invalid: 0, rejected: 0, failed: 0, in_doubt: 0, skipped: 0 },
      files: { rejects: null },
    });
    const rows = readResults(place.read('customers.results.csv'));
    const emailOfCode = new Map(api.customers().map((customer) => [customer.customerCode, customer.emailAddress]));
    expect(emailOfCode.size).toBe(500);
    expect(new Set(rows.map((row) => row._customerCode)).size).toBe(500);
    expect(rows.map((row) => emailOfCode.get(row._customerCode ?? ''))).toEqual(rows.map((row) => row.email));
    expect(rows.map((row) => row.email)).toEqual(emailsIn('customers.csv'));
  });

  it('keeps the zero of every post code that has one, in the API and in the result file', async () => {
    const api = await place.openApi();
    useSample(place, 'au-500');
    await place.run(['import', ...fast, 'customers.csv']);
    const rows = readResults(place.read('customers.results.csv'));
    const territory = rows.filter((row) => row.state === 'NT');
    expect(territory.length).toBeGreaterThan(5);
    const postalCodes = new Map(api.customers().map((customer) => [customer.customerCode, customer.postalCode]));
    expect(territory.map((row) => postalCodes.get(row._customerCode ?? ''))).toEqual(
      territory.map((row) => row.post?.padStart(4, '0')),
    );
    expect(territory.map((row) => row.post)).toContain('0810');
  });
});

describe('customers-1000.csv', () => {
  it('is imported completely, with dates and phone numbers as they are written', async () => {
    const api = await place.openApi();
    useSample(place, 'customers-1000');
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv']);
    expect(exitCode).toBe(0);
    const byCode = new Map(api.customers().map((customer) => [customer.customerCode, customer]));
    const rows = readResults(place.read('customers.results.csv'));
    expect([rows.length, byCode.size]).toEqual([1000, 1000]);
    const held = rows.map((row) => {
      const { cC_001, cC_003, phoneNumber } = byCode.get(row._customerCode ?? '') ?? {};
      return [cC_001, cC_003, phoneNumber];
    });
    // What a spreadsheet program could take for a formula has an apostrophe before it in the result file.
    const phoneOf = (row: Record<string, string>) => row['Phone 1']?.replace(/^'\+/, '+');
    expect(held).toEqual(rows.map((row) => [row['Customer Id'], row['Subscription Date'], phoneOf(row)]));
  });
});

/** By hand, so that the reader under test is not asked about itself: no cell of this column holds a quote or a comma. */
function emailsIn(file: string): string[] {
  const lines = readFileSync(place.path(file), 'utf8').split('\r').slice(1);
  return lines.flatMap((line) => /[^",\s]+@[^",\s]+/.exec(line)?.[0] ?? []);
}
