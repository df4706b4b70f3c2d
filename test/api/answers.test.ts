import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { useClients } from './open-clients.js';
import { json, type Script, text, useScriptedServers } from './scripted-server.js';

const startServer = useScriptedServers();
const { newClient } = useClients();

async function serve(...scripts: readonly [Script, ...Script[]]) {
  const server = await startServer();
  server.answer(...scripts);
  return { server, client: newClient(server.baseUrl) };
}

const zoe = { customerId: 'A1-b2', customerCode: '0000007', customerName: 'Zoë Müller' };
const jsonType = (charset: string) => ({ 'content-type': `application/json; charset=${charset}` });

describe('the customer that comes back', () => {
  it.each([
    ['another one', json(200, { ...zoe, customerCode: '0000009', customerId: 'x' })],
    ['an empty object', json(200, {})],
    ['a message with HTTP 200', json(200, { message: 'Customer not found' })],
    ['one without code and id', json(200, { customerName: 'Zoë Müller' })],
  ])('is not the one that was asked for: %s', async (_name, step) => {
    const { client } = await serve(step);
    expect(await client.get('0000007')).toMatchObject({ kind: 'unanswered', errorCode: 'WRONG_CUSTOMER' });
  });

  it.each([
    ['by its code', '0000007', zoe],
    ['by its id, in any case', 'a1-B2', zoe],
    ['by its code in another case', 'ab-7', { ...zoe, customerCode: 'AB-7' }],
    ['by its code as a number', '0000007', { ...zoe, customerCode: 7 }],
  ])('is the one that was asked for: %s', async (_name, asked, customer) => {
    const { client } = await serve(json(200, customer));
    expect(await client.get(asked)).toMatchObject({ kind: 'found' });
  });

  it.each([
    ['another code', { ...zoe, customerCode: '0000009', customerId: 'x' }, 'in_doubt'],
    ['the same code', zoe, 'applied'],
  ])('after an update is the one that was written: %s', async (_name, customer, kind) => {
    const { client } = await serve(json(200, customer));
    expect(await client.update('0000007', zoe)).toMatchObject({ kind });
  });
});

describe('the body of an answer', () => {
  const body = JSON.stringify(zoe);

  it.each([
    ['in UTF-8', text(200, Buffer.from(body), jsonType('utf-8'))],
    ['in UTF-8, although it says something else', text(200, Buffer.from(body), jsonType('iso-8859-1'))],
    ['in ISO 8859-1, as it says', text(200, Buffer.from(body, 'latin1'), jsonType('ISO-8859-1'))],
    [
      'in ISO 8859-1, without saying so',
      text(200, Buffer.from(body, 'latin1'), { 'content-type': 'application/json' }),
    ],
    ['in UTF-16, as it says', text(200, Buffer.from(body, 'utf16le'), jsonType('utf-16le'))],
    ['compressed', text(200, gzipSync(body), { ...jsonType('utf-8'), 'content-encoding': 'gzip' })],
    ['behind a byte order mark', text(200, `\uFEFF${body}`, jsonType('utf-8'))],
  ])('is read %s', async (_name, step) => {
    const { client } = await serve(step);
    expect(await client.get('0000007')).toMatchObject({ kind: 'found', customer: { customerName: 'Zoë Müller' } });
  });

  it('is refused where some of its bytes are no text, since they would be written back', async () => {
    const bytes = Buffer.concat([Buffer.from(body.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')]);
    const { client } = await serve(text(200, bytes, jsonType('utf-8')));
    expect(await client.get('0000007')).toMatchObject({ kind: 'unanswered', errorCode: 'UNREADABLE_ANSWER' });
  });

  it('goes back with all the digits of its numbers', async () => {
    const long = '{"customerCode":"0000007","balance":12345678901234567890,"rate":0.1234567890123456789}';
    const { server, client } = await serve(text(200, long, jsonType('utf-8')));
    const answer = await client.get('0000007');
    if (answer.kind === 'found') await client.update('0000007', answer.customer);
    expect(server.calls[1]?.body).toBe(long);
  });

  it.each([
    ['nested 200,000 deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['nested deeper than any customer', `{"customerCode":"0000007","a":${'['.repeat(80)}${']'.repeat(80)}}`],
    ['of an object that cannot be shown', '{"customerCode":"0000007","customerName":{"toString":null}}'],
    ['followed by something else', `${body}\u0000more`],
  ])('is no answer when it is JSON %s', async (_name, odd) => {
    const { client } = await serve(text(200, odd, jsonType('utf-8')));
    expect(await client.get('0000007')).toMatchObject({ kind: 'unanswered', errorCode: 'UNREADABLE_ANSWER' });
  });

  it('of an error may have any shape', async () => {
    const { client } = await serve(text(400, '{"errors":{"a":[{"toString":null}],"b":null,"c":7}}', jsonType('utf-8')));
    expect(await client.add({ customerName: 'Ada' })).toMatchObject({ kind: 'refused', httpStatus: 400 });
  });
});

describe('the size of an answer', () => {
  it('of a customer is bounded', async () => {
    const { client } = await serve(json(200, { ...zoe, notes: 'x'.repeat(2 << 20) }));
    expect(await client.get('0000007')).toMatchObject({ kind: 'unanswered', errorCode: 'ANSWER_TOO_LARGE' });
  });

  it('is that of the expanded body', async () => {
    const bomb = gzipSync(JSON.stringify({ ...zoe, notes: 'x'.repeat(2 << 20) }));
    const { client } = await serve(text(200, bomb, { ...jsonType('utf-8'), 'content-encoding': 'gzip' }));
    expect(await client.get('0000007')).toMatchObject({ kind: 'unanswered', errorCode: 'ANSWER_TOO_LARGE' });
  });

  it('of a page is bounded by a bound of its own', async () => {
    const server = await startServer();
    server.answer(json(200, [{ ...zoe, notes: 'x'.repeat(2 << 20), liTotalCount: 1 }]));
    expect((await newClient(server.baseUrl).list({ page: 1, pageSize: 1 })).total).toBe(1);
    const small = newClient(server.baseUrl, { maxPageBytes: 1 << 20 });
    await expect(small.list({ page: 1, pageSize: 1 })).rejects.toThrow('larger than 1 MB');
  });

  it('of an error is bounded, and what it means stays', async () => {
    const { client } = await serve(json(400, { message: 'no', more: 'x'.repeat(2 << 20) }));
    expect(await client.add({ customerName: 'Ada' })).toMatchObject({ kind: 'refused', httpStatus: 400 });
  });
});

describe('a page of the list', () => {
  it.each([
    ['null in the place of a row', [null]],
    ['a text in the place of a row', ['0000007']],
    ['a row without a code', [{ customerName: 'Ada' }]],
    ['an object in the place of a code', [{ customerCode: {} }]],
  ])('is no answer when it has %s', async (_name, rows) => {
    const { client } = await serve(json(200, rows));
    await expect(client.list({ page: 1, pageSize: 10 })).rejects.toMatchObject({ code: 'LIST_UNANSWERED' });
  });

  it.each([
    ['2', 2],
    [undefined, 0],
    ['many', 0],
    [-1, 0],
    [1.5, 0],
  ])('counts customers as %s: %i', async (liTotalCount, total) => {
    const { client } = await serve(json(200, [{ customerCode: 7, liTotalCount }]));
    expect(await client.list({ page: 1, pageSize: 10 })).toMatchObject({ total, customers: [{ customerCode: '7' }] });
  });
});
