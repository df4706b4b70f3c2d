import { describe, expect, it } from 'vitest';
import { basic, logIn, open, openClient, send } from './sandbox-client.js';

const hourMs = 60 * 60 * 1000;

describe('POST /auth/token', () => {
  it('gives a bearer token for the right name and password', async () => {
    const sandbox = await open();
    const answer = await send(`${sandbox.baseUrl}/auth/token`, { method: 'POST', authorization: basic(sandbox) });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ failureDescription: null, bearerToken: expect.stringMatching(/^\S{20,}$/) });
  });

  it.each([
    ['a wrong password', basic({ username: 'sandbox@example.com', password: 'guess' })],
    ['a wrong name', basic({ username: 'someone@example.com', password: 'sandbox' })],
    ['another scheme', 'Bearer abc'],
    ['no credentials', undefined],
  ])('answers 400 with the reason for %s', async (_case, authorization) => {
    const sandbox = await open();
    const answer = await send(`${sandbox.baseUrl}/auth/token`, {
      method: 'POST',
      ...(authorization && { authorization }),
    });
    expect(answer.status).toBe(400);
    expect(answer.json.failureDescription).toMatch(/\w+/);
    expect(answer.json.bearerToken).toBeNull();
  });

  it('takes a name and password of its own, colons and umlauts included', async () => {
    const sandbox = await open({ username: 'über@example.com', password: 'a:b' });
    expect(await logIn(sandbox)).toMatch(/\S/);
  });

  it('gives no more tokens than the day allows, and starts again at midnight UTC', async () => {
    let now = new Date('2026-03-01T23:59:00Z');
    const sandbox = await open({ tokensPerDay: 2, now: () => now });
    await logIn(sandbox);
    await logIn(sandbox);
    const refused = await send(`${sandbox.baseUrl}/auth/token`, { method: 'POST', authorization: basic(sandbox) });
    expect(refused.status).toBe(400);
    expect(refused.json.failureDescription).toContain('midnight UTC');
    expect(sandbox.loginsToday()).toEqual({ day: '2026-03-01', count: 2 });
    now = new Date('2026-03-02T00:00:00Z');
    expect(await logIn(sandbox)).toMatch(/\S/);
    expect(sandbox.loginsToday()).toEqual({ day: '2026-03-02', count: 1 });
  });
});

describe('a bearer token', () => {
  it('ends after its lifetime', async () => {
    let now = new Date('2026-03-01T10:00:00Z');
    const sandbox = await open({ now: () => now });
    const client = await openClient(sandbox);
    now = new Date(now.getTime() + 2 * hourMs - 1);
    expect((await client.list()).status).toBe(200);
    now = new Date(now.getTime() + 1);
    const late = await client.list();
    expect(late.status).toBe(401);
    expect(late.json).toMatchObject({ failureDescription: expect.any(String), errors: [] });
    expect(late.headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['no header', undefined],
    ['an unknown token', 'Bearer abc'],
    ['Basic credentials', basic({ username: 'sandbox@example.com', password: 'sandbox' })],
  ])('is missed with 401 for %s', async (_case, authorization) => {
    const sandbox = await open();
    expect((await send(`${sandbox.baseUrl}/customers`, authorization ? { authorization } : {})).status).toBe(401);
  });

  it('opens only the verbs that the user has a right to', async () => {
    const client = await openClient(await open({ rights: ['GET'] }));
    const statuses = [await client.list(), await client.add({}), await client.update('0000001', {})];
    expect(statuses.map(({ status }) => status)).toEqual([200, 403, 403]);
    const refused = await client.delete('0000001');
    expect(refused.status).toBe(403);
    expect(refused.json.failureDescription).toContain('DELETE');
  });
});

describe('the clock', () => {
  it('shows its skew in the Date header and in the dates of customers', async () => {
    const sandbox = await open({ now: () => new Date('2026-03-01T10:00:00Z'), clockSkewMs: -hourMs });
    const client = await openClient(sandbox);
    const answer = await client.add({});
    expect(answer.headers.date).toBe('Sun, 01 Mar 2026 09:00:00 GMT');
    expect(sandbox.customers()[0]?.creationDateUTC).toBe('2026-03-01T09:00:00.000');
  });
});
