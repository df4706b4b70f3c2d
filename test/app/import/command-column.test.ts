import { describe, expect, it } from 'vitest';
import { planFile } from '#src/app/plan/plan-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const mapping = {
  key: { column: 'No' },
  command: 'Command',
  fields: { customerName: 'Name', notes: 'Notes', emailAddress: 'Email' },
};
const header = 'No,Command,Name,Notes,Email';
const write = (...lines: string[]) => place.write('customers.csv', `${[header, ...lines].join('\n')}\n`);
const imported = async () => (await place.import()).rows.map(({ _status, _errorCode }) => [_status, _errorCode]);

describe('a command column', () => {
  it('decides row by row; a blank is MERGE, and case does not matter', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write('1,NEW,Ann,a,ann@example.com', '2,,Ben,b,', '3,ignore,Cid,c,', '4,Update,Dan,d,', '5,REPLACE,Eve,e,');
    expect(await imported()).toEqual([
      ['created', ''],
      ['created', ''],
      ['skipped', 'IGNORED'],
      ['invalid', 'CUSTOMER_UNKNOWN'],
      ['created', ''],
    ]);
    write('1,NEW,Ann,a,', '2,merge,Ben,changed,', '3,,Cid,c,', '5,UPDATE,Eve,changed,', '9,DELTE,Zoe,z,');
    expect(await imported()).toEqual([
      ['skipped', 'ALREADY_CREATED'],
      ['updated', ''],
      ['created', ''],
      ['updated', ''],
      ['invalid', 'COMMAND_UNKNOWN'],
    ]);
    expect(api.customers().map(({ notes }) => notes)).toEqual(['a', 'changed', 'changed', 'c']);
  });

  it('DELETE deletes once, names the customer only, and takes one that is gone for done', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write('1,,Ann,a,ann@example.com', '2,,Ben,b,');
    await place.import();
    write('1,DELETE,,,not an address', '2,,Ben,b,');
    const first = await place.import();
    expect(first.statuses).toEqual(['deleted', 'unchanged']);
    expect(first.calls).toMatchObject({ delete: 1, put: 0, post: 0 });
    expect(api.customers()).toHaveLength(1);
    const again = await place.import();
    expect(again.rows[0]).toMatchObject({ _status: 'skipped', _errorCode: 'ALREADY_GONE' });
    expect(again.calls).toMatchObject({ delete: 0 });
  });

  it('DELETE makes a customer with sales inactive', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write('1,,Ann,a,');
    await place.import();
    api.addTransaction('0000001');
    write('1,DELETE,Ann,a,');
    expect((await place.import()).statuses).toEqual(['deactivated']);
    expect(api.customers()[0]?.active).toBe(false);
  });

  it('REPLACE clears what the row says nothing about, and costs nothing the second time', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write('1,,Ann,a,ann@example.com');
    await place.import();
    const colleague = await openClient(api);
    const { json } = await colleague.get('0000001');
    await colleague.update('0000001', { ...json, faxNumber: '55', cC_004: 'x', creditLimit: 9, allowMailing: true });
    write('1,REPLACE,Ann,,');
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(api.customers()[0]).toMatchObject({
      ...{ customerName: 'Ann', notes: null, emailAddress: null, faxNumber: null, cC_004: null },
      ...{ allowMailing: false, active: true },
    });
    const again = await place.import();
    expect([again.statuses, again.calls.get, again.calls.put]).toEqual([['unchanged'], 0, 0]);
  });

  it('takes a row that comes twice for one, whatever its command', async () => {
    await place.openApi();
    place.mapping(mapping);
    write('1,REPLACE,Ann,a,', '1,REPLACE,Ann,a,', '1,MERGE,Ann,a,');
    expect(await imported()).toEqual([
      ['created', ''],
      ['skipped', 'SAME_AS_ROW'],
      ['invalid', 'KEY_REPEATED'],
    ]);
  });

  it('shows in a plan', async () => {
    await place.openApi();
    place.mapping(mapping);
    write('1,,Ann,a,', '2,,Ben,b,');
    await place.import();
    write('1,DELETE,Ann,a,', '2,REPLACE,Ben,,', '3,NEW,Cid,c,', '4,IGNORE,Dan,d,');
    const { rows } = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect(rows.map(({ action }) => action)).toEqual(['delete', 'update', 'add', 'skip']);
    expect(rows[1]?.changes).toEqual([{ field: 'notes', from: 'b', to: null }]);
    const { statuses } = await place.import();
    expect(statuses).toEqual(['deleted', 'updated', 'created', 'skipped']);
  });

  it('cannot stand beside another mode', async () => {
    await place.openApi();
    place.mapping(mapping);
    write('1,,Ann,a,');
    await expect(place.import({ mode: 'add' })).rejects.toMatchObject({ code: 'MODE_AND_COMMAND', exitCode: 2 });
  });
});
