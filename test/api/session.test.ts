import { describe, expect, it, vi } from 'vitest';
import { loginSession, type Session } from '#src/api/session.js';
import type { TokenStore } from '#src/api/token-store.js';
import { login, useClients } from './open-clients.js';
import { json, type ReceivedCall, type ScriptedServer, text, useScriptedServers } from './scripted-server.js';

const startServer = useScriptedServers();
const { newFolder, newLedger, newClient } = useClients();

const minuteMs = 60_000;
const noon = Date.parse('2026-11-24T12:00:00Z');

/** Takes only the token that was given out last. */
function answerWithNewestToken(server: ScriptedServer): void {
  server.answer((call: ReceivedCall) =>
    call.headers.authorization === `Bearer token-${server.logins.length}` ? json(200, []) : text(401, ''),
  );
}

const onePage = { page: 1, pageSize: 1 };

describe('a token that the API takes no longer', () => {
  it('costs one login, however many requests meet it at once', async () => {
    const server = await startServer();
    const ledger = newLedger();
    ledger.tokens.save({ token: 'expired', obtainedAtMs: Date.now() });
    answerWithNewestToken(server);
    const client = newClient(server.baseUrl, { credentials: login, tokenStore: ledger.tokens, concurrency: 50 });
    const pages = await Promise.all(Array.from({ length: 50 }, () => client.list(onePage)));
    expect(pages).toHaveLength(50);
    expect(server.logins).toHaveLength(1);
    expect(client.tokensObtained).toBe(1);
    expect(ledger.tokens.usedToday(Date.now())).toBe(1);
    expect(ledger.tokens.read()?.token).toBe('token-1');
  });

  it('costs one login, however many processes share it', async () => {
    const server = await startServer();
    const folder = newFolder();
    const ledgers = [newLedger(folder), newLedger(folder), newLedger(folder)];
    ledgers[0]!.tokens.save({ token: 'expired', obtainedAtMs: Date.now() });
    answerWithNewestToken(server);
    const clients = ledgers.map((ledger) =>
      newClient(server.baseUrl, { credentials: login, tokenStore: ledger.tokens, concurrency: 10 }),
    );
    await Promise.all(clients.flatMap((client) => Array.from({ length: 10 }, () => client.list(onePage))));
    expect(server.logins).toHaveLength(1);
    expect(clients.map((client) => client.tokensObtained).reduce((sum, count) => sum + count)).toBe(1);
  });
});

describe('a login', () => {
  it('carries name and password as Basic in UTF-8, and no body', async () => {
    const server = await startServer();
    const credentials = { kind: 'login', username: 'zoë@example.com', password: 'pä:ss wörd' } as const;
    await newClient(server.baseUrl, { credentials }).login();
    const [scheme, code] = String(server.logins[0]!.headers.authorization).split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(String(code), 'base64').toString('utf8')).toBe('zoë@example.com:pä:ss wörd');
    expect(server.logins[0]).toMatchObject({ method: 'POST', path: '/api/v2/auth/token', body: '' });
  });

  it.each(['bearerToken', 'token', 'access_token'])('takes the token from "%s"', async (name) => {
    const server = await startServer();
    server.answerLogins(json(200, { failureDescription: null, [name]: 'abc' }));
    const client = newClient(server.baseUrl, { credentials: login });
    await client.list(onePage);
    expect(server.calls[0]!.headers.authorization).toBe('Bearer abc');
  });

  it('is not repeated by another process as long as its token is young', async () => {
    const server = await startServer();
    const folder = newFolder();
    await newClient(server.baseUrl, { credentials: login, tokenStore: newLedger(folder).tokens }).login();
    const other = newClient(server.baseUrl, { credentials: login, tokenStore: newLedger(folder).tokens });
    await other.list(onePage);
    expect(server.logins).toHaveLength(1);
    expect(other.tokensObtained).toBe(0);
  });

  it('is made anew when somebody wants to try it', async () => {
    const server = await startServer();
    const client = newClient(server.baseUrl, { credentials: login });
    await client.login();
    await client.forceLogin();
    expect(server.logins).toHaveLength(2);
  });

  it('that fails leaves the good token of the others where it is', async () => {
    const server = await startServer();
    const { tokens } = newLedger();
    tokens.save({ token: 'good', obtainedAtMs: Date.now() });
    server.answerLogins(json(400, { failureDescription: 'Wrong password' }));
    const client = newClient(server.baseUrl, { credentials: login, tokenStore: tokens });
    await expect(client.forceLogin()).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
    expect(tokens.read()?.token).toBe('good');
  });

  it('that is refused can be tried again at once', async () => {
    const server = await startServer();
    server.answerLogins(json(400, { failureDescription: 'Wrong password' }), json(200, { bearerToken: 'now good' }));
    const client = newClient(server.baseUrl, { credentials: login });
    await expect(client.login()).rejects.toThrow(/Wrong password/);
    await client.login();
    expect(server.logins).toHaveLength(2);
  });

  it('never shows the password or the token in an error', async () => {
    const server = await startServer();
    server.answerLogins(json(400, { failureDescription: 'no' }));
    const error: unknown = await newClient(server.baseUrl, { credentials: login })
      .login()
      .catch((reason) => reason);
    const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(shown).not.toContain(login.password);
    expect(shown).not.toContain(basic);
  });
});

describe('the count of the day', () => {
  it('is on disk before each call of the login, lost answers included', async () => {
    const server = await startServer();
    const { tokens } = newLedger();
    const counts: number[] = [];
    server.answerLogins(
      () => {
        counts.push(tokens.usedToday(Date.now()));
        return text(503, '');
      },
      () => {
        counts.push(tokens.usedToday(Date.now()));
        return { do: 'reset' };
      },
      () => {
        counts.push(tokens.usedToday(Date.now()));
        return json(200, { bearerToken: 'good' });
      },
    );
    await newClient(server.baseUrl, { credentials: login, tokenStore: tokens }).login();
    expect(counts).toEqual([1, 2, 3]);
  });

  it('ends logins at 240 and keeps the last ten back', async () => {
    const server = await startServer();
    const { tokens } = newLedger(undefined, () => noon);
    const client = newClient(server.baseUrl, { credentials: login, tokenStore: tokens, now: () => noon });
    spend(tokens, 239);
    await client.forceLogin();
    await expect(client.forceLogin()).rejects.toMatchObject({ name: 'LoginError', code: 'TOKENS_EXHAUSTED' });
    expect(tokens.usedToday(noon)).toBe(240);
    expect(server.logins).toHaveLength(1);
  });

  it('ends the retries of a login as well', async () => {
    const server = await startServer();
    const { tokens } = newLedger();
    spend(tokens, 239);
    server.answerLogins(text(503, ''));
    const client = newClient(server.baseUrl, { credentials: login, tokenStore: tokens, now: () => noon });
    await expect(client.login()).rejects.toMatchObject({ code: 'TOKENS_EXHAUSTED' });
    expect(server.logins).toHaveLength(1);
  });

  it('starts anew at midnight UTC', async () => {
    const server = await startServer();
    let now = Date.parse('2026-11-24T23:59:59.999Z');
    const { tokens } = newLedger();
    spend(tokens, 240, now);
    const client = newClient(server.baseUrl, { credentials: login, tokenStore: tokens, now: () => now });
    await expect(client.login()).rejects.toMatchObject({ code: 'TOKENS_EXHAUSTED' });
    now += 1;
    await client.login();
    expect(tokens.usedToday(now)).toBe(1);
  });

  it('does not keep a good token of the day before from being used', async () => {
    const server = await startServer();
    const { tokens } = newLedger();
    spend(tokens, 240);
    tokens.save({ token: 'good', obtainedAtMs: noon - minuteMs });
    const client = newClient(server.baseUrl, { credentials: login, tokenStore: tokens, now: () => noon });
    await client.list(onePage);
    expect(server.calls[0]!.headers.authorization).toBe('Bearer good');
  });

  function spend(tokens: TokenStore, count: number, nowMs = noon): void {
    const claim = tokens.claimLogin(nowMs);
    if (claim.kind !== 'granted') throw new Error(claim.kind);
    for (let spent = 0; spent < count; spent += 1) claim.right.count(nowMs);
    claim.right.release();
  }
});

describe('a session', () => {
  /** A session whose API gives out `fresh-1`, `fresh-2` … */
  function sessionOn(tokens: TokenStore, now: () => number): Session & { readonly logins: number } {
    let logins = 0;
    const session = loginSession({
      login: async (beforeCall) => {
        beforeCall();
        logins += 1;
        return `fresh-${logins}`;
      },
      store: tokens,
      stopping: new AbortController().signal,
      now,
    });
    return {
      ...session,
      get logins() {
        return logins;
      },
    };
  }

  it.each([
    ['a minute', minuteMs, 'cached'],
    ['1 h 54 min', 114 * minuteMs, 'cached'],
    ['1 h 55 min', 115 * minuteMs, 'fresh-1'],
    ['3 h', 180 * minuteMs, 'fresh-1'],
    ['less than nothing, since the clock was set back', -minuteMs, 'fresh-1'],
  ])('with a token that is old by %s', async (_name, ageMs, expected) => {
    const { tokens } = newLedger();
    tokens.save({ token: 'cached', obtainedAtMs: noon - ageMs });
    expect(await sessionOn(tokens, () => noon).getToken()).toBe(expected);
  });

  it('waits for the login of another process and takes its token', async () => {
    const folder = newFolder();
    const [mine, theirs] = [newLedger(folder).tokens, newLedger(folder).tokens];
    const claim = theirs.claimLogin(Date.now());
    expect(claim.kind).toBe('granted');
    const session = sessionOn(mine, Date.now);
    const bearer = session.getToken();
    setTimeout(() => theirs.save({ token: 'theirs', obtainedAtMs: Date.now() }), 150);
    expect(await bearer).toBe('theirs');
    expect(session.logins).toBe(0);
  });

  it('logs in itself when the other process gave up', async () => {
    const folder = newFolder();
    const [mine, theirs] = [newLedger(folder).tokens, newLedger(folder).tokens];
    const claim = theirs.claimLogin(Date.now());
    const bearer = sessionOn(mine, Date.now).getToken();
    setTimeout(() => claim.kind === 'granted' && claim.right.release(), 50);
    expect(await bearer).toBe('fresh-1');
  });

  it('takes over the claim of a process that died a minute ago', async () => {
    const { tokens } = newLedger();
    expect(tokens.claimLogin(noon).kind).toBe('granted');
    expect(tokens.claimLogin(noon + minuteMs - 1).kind).toBe('wait');
    expect(await sessionOn(tokens, () => noon + minuteMs).getToken()).toBe('fresh-1');
  });

  it('does not take over a login that still tries', async () => {
    const { tokens } = newLedger();
    const claim = tokens.claimLogin(noon);
    if (claim.kind !== 'granted') throw new Error(claim.kind);
    claim.right.count(noon + 50_000);
    expect(tokens.claimLogin(noon + minuteMs).kind).toBe('wait');
    expect(tokens.claimLogin(noon + 50_000 + minuteMs).kind).toBe('granted');
  });

  it('does not end the claim that was taken over from it', async () => {
    const { tokens } = newLedger();
    const old = tokens.claimLogin(noon);
    const taken = tokens.claimLogin(noon + minuteMs);
    expect(taken.kind).toBe('granted');
    if (old.kind === 'granted') old.right.release();
    expect(tokens.claimLogin(noon + minuteMs + 1).kind).toBe('wait');
  });

  it('gives up after a while when another process logs in for ever', async () => {
    const { tokens } = newLedger();
    tokens.claimLogin(noon);
    let now = noon;
    const session = sessionOn(tokens, () => {
      now += 10_000;
      // The other process is alive and tries again and again.
      const second = tokens.claimLogin(now);
      if (second.kind === 'granted') second.right.count(now);
      return now;
    });
    await expect(session.getToken()).rejects.toMatchObject({ code: 'LOGIN_STUCK' });
  });

  it('stops waiting for another process when the run stops', async () => {
    const { tokens } = newLedger();
    tokens.claimLogin(Date.now());
    const stop = new AbortController();
    const session = loginSession({ login: async () => 'never', store: tokens, stopping: stop.signal });
    const bearer = session.getToken();
    setTimeout(() => stop.abort(new Error('stopping')), 30);
    await expect(bearer).rejects.toThrow('stopping');
  });

  it('forgets only the token that was refused', async () => {
    const { tokens } = newLedger();
    tokens.save({ token: 'newer', obtainedAtMs: noon });
    const session = sessionOn(tokens, () => noon);
    await session.renew('older');
    expect(await session.getToken()).toBe('newer');
    await session.renew('newer');
    expect(await session.getToken()).toBe('fresh-1');
  });

  it('passes a failed login on to all who wait, and the next one tries again', async () => {
    const { tokens } = newLedger();
    const attempt = vi.fn(async (): Promise<string> => {
      if (attempt.mock.calls.length === 1) throw new Error('down');
      return 'good';
    });
    const session = loginSession({ login: attempt, store: tokens, stopping: new AbortController().signal });
    const ends = await Promise.allSettled([session.getToken(), session.getToken(), session.getToken()]);
    expect(ends.map((end) => end.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await session.getToken()).toBe('good');
    expect(attempt).toHaveBeenCalledTimes(2);
  });
});
