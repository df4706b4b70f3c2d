import { describe, expect, it } from 'vitest';
import { open, openClient, send } from './sandbox-client.js';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const apiDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/;

async function openWithOne(body: unknown = { customerName: 'Smith', creditLimit: 5, notes: 'old', shoeSize: 44 }) {
  const sandbox = await open();
  const client = await openClient(sandbox);
  const { json } = await client.add(body);
  return { sandbox, client, added: json, full: (await client.get(json.customerCode)).json };
}

describe('POST /customers', () => {
  it('answers 202 with a copy of what was sent, and the id and code filled in', async () => {
    const client = await openClient(await open());
    const { status, json } = await client.add({ customerName: 'Zoë "Z" 😀', postalCode: '0800', shoeSize: { eu: 44 } });
    expect(status).toBe(202);
    expect(json).toEqual({
      customerId: expect.stringMatching(guid),
      customerCode: '0000001',
      customerName: 'Zoë "Z" 😀',
      postalCode: '0800',
      shoeSize: { eu: 44 },
    });
  });

  it('counts codes up and never gives one twice', async () => {
    const client = await openClient(await open());
    await client.add({});
    await client.add({});
    await client.delete('0000002');
    expect((await client.add({})).json.customerCode).toBe('0000003');
  });

  it('ignores ids and all other fields that it keeps itself', async () => {
    const { added, full } = await openWithOne({
      customerId: 'mine',
      customerCode: 'MINE',
      balance: 7,
      creationDate: 'yesterday',
      lastEditUser: 5,
      liTotalCount: 3,
    });
    expect(added).toEqual({ customerId: expect.stringMatching(guid), customerCode: '0000001' });
    expect(full).toMatchObject({ balance: 0, rewardsValue: 0, firstSaledate: null, lastSaledate: null });
    expect(full).toMatchObject({ lastEditUser: 'sandbox@example.com', creationUser: 'sandbox@example.com' });
    expect(full).not.toHaveProperty('liTotalCount');
    for (const field of ['creationDate', 'creationDateUTC', 'lastEditDate', 'lastEditDateUTC'])
      expect(full[field], field).toMatch(apiDate);
  });

  it('answers with its own spelling of field names', async () => {
    const { full } = await openWithOne({ CUSTOMERNAME: 'Smith', cc_003: 'x', EmailAddress: 'a@example.com' });
    expect(full).toMatchObject({ customerName: 'Smith', cC_003: 'x', emailAddress: 'a@example.com' });
    expect(full).not.toHaveProperty('CUSTOMERNAME');
  });

  it('keeps fields it does not know, whatever their name', async () => {
    const { full } = await openWithOne('{"shoeSize":44,"__proto__":{"a":1},"constructor":"b","nested":[1,{"c":null}]}');
    expect(full).toMatchObject({ shoeSize: 44, constructor: 'b', nested: [1, { c: null }] });
    expect(Object.getOwnPropertyDescriptor(full, '__proto__')?.value).toEqual({ a: 1 });
  });

  it.each([
    ['customerName', { customerName: 5 }, 'a string, but was a number'],
    ['creditLimit', { creditLimit: '5' }, 'a number, but was a string'],
    ['priceBand', { priceBand: 1.5 }, 'an integer'],
    ['active', { active: 'yes' }, 'true or false, but was a string'],
    ['notes', { notes: ['a'] }, 'a string, but was an array'],
    ['bankAccount', { bankAccount: {} }, 'a string, but was an object'],
    ['body', '{"customerName":', 'not valid JSON'],
    ['body', '[]', 'a JSON object, but was an array'],
    ['body', 'null', 'a JSON object, but was null'],
    ['body', '', 'not valid JSON'],
  ])('names %s in the 400 for %j', async (field, body, message) => {
    const { status, json } = await (await openClient(await open())).add(body);
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ field, message: expect.stringContaining(message) }]);
  });

  it('never repeats a wrong value, which may be personal data', async () => {
    const { text } = await (await openClient(await open())).add({ bankAccount: 12345678 });
    expect(text).not.toContain('12345678');
  });

  it('takes null for any field', async () => {
    const { full } = await openWithOne({ customerName: null, creditLimit: null, active: null });
    expect(full).toMatchObject({ customerName: null, creditLimit: null, active: null });
  });

  it('takes bodies up to a megabyte and no more', async () => {
    const client = await openClient(await open());
    expect((await client.add({ notes: 'x'.repeat(1_000_000) })).status).toBe(202);
    const refused = await client.add({ notes: 'x'.repeat(1_100_000) });
    expect(refused.status).toBe(413);
    expect(refused.json).toMatchObject({ failureDescription: expect.any(String), errors: [] });
  });

  it('wants JSON to be called JSON', async () => {
    const sandbox = await open();
    const { authorization } = await openClient(sandbox);
    const headers = { 'content-type': 'text/plain' };
    const url = `${sandbox.baseUrl}/customers`;
    expect((await send(url, { method: 'POST', authorization, body: '{}', headers })).status).toBe(415);
  });
});

describe('GET /customers/{id or code}', () => {
  it('gives the full customer by code and by id in any case', async () => {
    const { client, full } = await openWithOne();
    expect(full).toMatchObject({ customerName: 'Smith', shoeSize: 44, cC_001: null, cC_010: null, bankAccount: null });
    expect((await client.get(full.customerId)).json).toEqual(full);
    expect((await client.get(full.customerId.toUpperCase())).json).toEqual(full);
  });

  it.each(['1', '0000002', '00000001', 'abc', '00000000-0000-4000-8000-000000000001', '%20'])(
    'answers 404 for %s',
    async (identifier) => {
      const { client } = await openWithOne();
      const { status, json } = await client.get(identifier);
      expect(status).toBe(404);
      expect(json).toMatchObject({ failureDescription: expect.stringContaining('no customer'), errors: [] });
    },
  );
});

describe('PUT /customers/{code}', () => {
  it('replaces the whole customer: what is left out is gone', async () => {
    const { client, full } = await openWithOne();
    const { customerId, customerCode } = full;
    const { status, json } = await client.update(customerCode, { customerId, customerCode, firstName: 'Ann' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ customerName: null, creditLimit: 0, notes: null, firstName: 'Ann' });
    expect(json).not.toHaveProperty('shoeSize');
    expect((await client.get(customerCode)).json).toEqual(json);
  });

  it('loses nothing when the whole customer comes back', async () => {
    const { client, full } = await openWithOne();
    const { json } = await client.update(full.customerCode, full);
    const { lastEditDate: _a, lastEditDateUTC: _b, ...rest } = full;
    expect(json).toMatchObject(rest);
  });

  it('leaves what the server keeps as it was', async () => {
    const { sandbox, client, full } = await openWithOne();
    sandbox.addTransaction(full.customerCode, 12.5);
    const { json } = await client.update(full.customerCode, { ...full, balance: 99, creationUser: 'me' });
    expect(json).toMatchObject({ balance: 12.5, creationUser: full.creationUser, creationDate: full.creationDate });
  });

  it.each([
    ['customerId', { customerId: undefined }, 'missing'],
    ['customerCode', { customerCode: undefined }, 'missing'],
    ['customerId', { customerId: '00000000-0000-4000-8000-000000000001' }, 'not that of'],
    ['customerCode', { customerCode: '0000002' }, 'not that of'],
    ['creditLimit', { creditLimit: 'much' }, 'a number'],
  ])('names %s in the 400 for %j', async (field, change, message) => {
    const { client, full } = await openWithOne();
    const { status, json } = await client.update(full.customerCode, { ...full, ...change });
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ field, message: expect.stringContaining(message) }]);
    expect((await client.get(full.customerCode)).json).toEqual(full);
  });

  it('answers 404 for an unknown code, and for an id', async () => {
    const { client, full } = await openWithOne();
    expect((await client.update('0000009', full)).status).toBe(404);
    expect((await client.update(full.customerId, full)).status).toBe(404);
  });

  it('moves the last edit even within one millisecond or with a clock set back', async () => {
    let now = new Date('2026-03-01T10:00:00Z');
    const client = await openClient(await open({ now: () => now }));
    const { customerCode } = (await client.add({})).json;
    const edits = [];
    for (const step of [0, 0, -60_000]) {
      now = new Date(now.getTime() + step);
      const { json } = await client.get(customerCode);
      edits.push((await client.update(customerCode, json)).json.lastEditDateUTC);
    }
    expect(edits).toEqual(['2026-03-01T10:00:00.001', '2026-03-01T10:00:00.002', '2026-03-01T10:00:00.003']);
  });
});

describe('DELETE /customers/{code}', () => {
  it('answers 204, then 404', async () => {
    const { client, full } = await openWithOne();
    const gone = await client.delete(full.customerCode);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await client.delete(full.customerCode)).status).toBe(404);
    expect((await client.get(full.customerCode)).status).toBe(404);
  });

  it('answers 409 and makes a customer with transactions inactive', async () => {
    const { sandbox, client, full } = await openWithOne();
    sandbox.addTransaction(full.customerCode);
    const { status, json } = await client.delete(full.customerCode);
    expect(status).toBe(409);
    expect(json.failureDescription).toContain('set to inactive');
    const after = (await client.get(full.customerCode)).json;
    expect(after.active).toBe(false);
    expect(after.lastEditDateUTC > full.lastEditDateUTC).toBe(true);
  });
});

describe('anything else under the base path', () => {
  it.each(['/customer', '/', '/auth/token'])('answers 404 in the one error shape: %s', async (path) => {
    const sandbox = await open();
    const { status, json } = await send(`${sandbox.baseUrl}${path}`);
    expect(status).toBe(404);
    expect(json).toMatchObject({ failureDescription: expect.any(String), errors: [] });
  });

  it('knows no PATCH', async () => {
    const sandbox = await open();
    expect((await send(`${sandbox.baseUrl}/customers/0000001`, { method: 'PATCH', body: {} })).status).toBe(404);
  });

  it('refuses a broken escape in the address', async () => {
    const sandbox = await open();
    const { status, json } = await send(`${sandbox.baseUrl}/customers/%zz`);
    expect(status).toBe(400);
    expect(json).toMatchObject({ failureDescription: expect.any(String), errors: [] });
  });
});
