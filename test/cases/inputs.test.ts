import { copyFileSync, writeFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { useTestTenant } from '#test/app/use-test-tenant.js';

const place = useTestTenant();

describe('a job whose files are UTF-8', () => {
  const folder = 'fixtures/cases/sequences/encoding';
  const put = (name: string) => copyFileSync(`${folder}/${name}`, place.path('customers.csv'));

  it('keeps its customers when one row has a byte of another encoding: that row is invalid', async () => {
    const api = await place.openApi();
    copyFileSync(`${folder}/mappings.json`, place.path('mappings.json'));
    put('n1.csv');
    await place.import();
    const before = JSON.stringify(api.customers());
    put('n2.csv');
    const { summary, rows } = await place.import();
    expect(summary.counts).toMatchObject({ unchanged: 40, invalid: 1, updated: 0, created: 0 });
    expect(rows[40]?._error).toContain('0xFC in line 42');
    expect(JSON.stringify(api.customers())).toBe(before);
  });

  it('refuses a file that is not UTF-8 until its encoding is given', async () => {
    await place.openApi();
    copyFileSync(`${folder}/mappings.json`, place.path('mappings.json'));
    put('n1.csv');
    await place.import();
    writeFileSync(place.path('customers.csv'), iconv.encode('No,Company,City\n1,Zoë Café,Zürich\n', 'windows-1252'));
    await expect(place.import()).rejects.toMatchObject({ code: 'GUARD_ENCODING', exitCode: 8 });
    const { summary } = await place.import({ encoding: 'windows-1252' });
    expect(summary.counts.unchanged).toBe(1);
    // Another encoding was right once, so that it is no surprise any more.
    writeFileSync(place.path('customers.csv'), iconv.encode('No,Company,City\n2,Müller,Köln\n', 'windows-1252'));
    expect((await place.import()).summary.counts.updated).toBe(1);
  });

  it('says nothing about files that were in ASCII', async () => {
    await place.openApi();
    copyFileSync(`${folder}/mappings.json`, place.path('mappings.json'));
    place.write('customers.csv', 'No,Company,City\n1,Koala,Perth\n');
    await place.import();
    writeFileSync(place.path('customers.csv'), iconv.encode('No,Company,City\n2,Müller,Köln\n', 'windows-1252'));
    expect((await place.import()).summary.counts.created).toBe(1);
  });
});
