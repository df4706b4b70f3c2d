import { describe, expect, it } from 'vitest';
import { findFreeField } from '#src/app/mapping/live-customers.js';
import { suggestMappingFor } from '#src/app/mapping/suggest-mapping.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();
const signal = new AbortController().signal;

describe('a field to store the key in', () => {
  it('is the first one that is blank in the customers', async () => {
    const api = await place.openApi();
    const client = await openClient(api);
    await client.add({ customerName: 'Ann', cC_001: 'vip' });
    await client.add({ customerName: 'Ben', cC_002: 'wholesale' });
    expect(await findFreeField(place.settings(), signal)).toMatchObject({ field: 'cC_003' });
  });

  it('is the first of all in an account without customers', async () => {
    await place.openApi();
    expect(await findFreeField(place.settings(), signal)).toEqual({ field: 'cC_001', customers: 0 });
  });

  it('is none where all are in use', async () => {
    const client = await openClient(await place.openApi());
    const fields = Array.from({ length: 10 }, (_, at) => [`cC_${String(at + 1).padStart(3, '0')}`, 'x']);
    await client.add({ customerName: 'Ann', ...Object.fromEntries(fields) });
    expect(await findFreeField(place.settings(), signal)).toBeUndefined();
  });

  it('goes into the proposed mapping, beside the fields to match by', async () => {
    const client = await openClient(await place.openApi());
    await client.add({ customerName: 'Ann', cC_001: 'vip' });
    const file = place.write(
      'customers.csv',
      'Customer No,Company,Email\n0042,Koala,a@x.example\n0043,Wren,b@x.example\n',
    );
    const { mapping, remarks } = await suggestMappingFor({
      ...{ file, output: place.path('mappings.json'), force: true, choices: {} },
      findFreeField: () => findFreeField(place.settings(), signal),
    });
    expect(mapping).toMatchObject({ key: { column: 'Customer No', stamp: 'cC_002' }, match: ['emailAddress'] });
    expect(remarks).toEqual([expect.stringContaining('it is blank in 1 customer of the account')]);
  });
});
