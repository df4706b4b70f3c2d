import { describe, expect, it, vi } from 'vitest';
import { openHttp, TransportError } from '#src/api/http.js';
import { findProxy } from '#src/config/resolve-settings.js';
import { notify } from '#src/inbox/notify.js';
import { fast, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { closeAfterEach, startProxy, useAuthority, wrapInTls } from './company-network.js';

const place = useWorkplace();
const authority = useAuthority();
closeAfterEach();

/** An API behind TLS whose certificate comes from an authority of our own. */
async function openSecureApi() {
  const api = await place.openApi();
  const port = await wrapInTls(authority(), api.port);
  return { api, port, baseUrl: `https://localhost:${port}/api/v2` };
}

describe('a certificate of a company’s own authority', () => {
  it('is not trusted by itself, and doctor says what to do', async () => {
    const { baseUrl } = await openSecureApi();
    const { stdout, exitCode } = await place.run(['doctor', '--base-url', baseUrl]);
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/cannot be reached \((SELF_SIGNED|UNABLE_TO).*\n.*--ca-file/);
  });

  it.each([
    ['--ca-file', (file: string) => ({ args: ['--ca-file', file], env: {} })],
    ['NODE_EXTRA_CA_CERTS', (file: string) => ({ args: [], env: { NODE_EXTRA_CA_CERTS: file } })],
    [
      'the profile',
      (file: string) => {
        place.write('mypos-customers.json', JSON.stringify({ profiles: { shop: { caFile: file } } }));
        return { args: ['--profile', 'shop'], env: {} };
      },
    ],
  ])('is trusted when %s names it', async (_, named) => {
    const { baseUrl, api } = await openSecureApi();
    const { args, env } = named(authority().certificate);
    writeCustomers(place, 2);
    const done = await place.run(['import', ...fast, 'customers.csv', '--base-url', baseUrl, ...args], { env });
    expect(done.exitCode).toBe(0);
    expect(api.customers()).toHaveLength(2);
    const { stdout } = await place.run(['doctor', '--base-url', baseUrl, ...args], { env });
    expect(stdout).toMatch(/ok +tls +TLSv1\.3, certificate by Our Company, valid until \d{4}-\d\d-\d\d/);
  });

  it('leaves the usual authorities trusted, and those of NODE_EXTRA_CA_CERTS', async () => {
    const { readTrustedCertificates } = await import('#src/config/resolve-settings.js');
    const file = authority().certificate;
    const all = readTrustedCertificates({ value: file, origin: 'x' }, { NODE_EXTRA_CA_CERTS: file });
    expect(all?.length).toBeGreaterThan(100);
    expect(all?.filter((check) => check === all.at(-1))).toHaveLength(2);
  });

  it.each([
    ['missing.pem', /cannot be read \(ENOENT\)/],
    ['customers.csv', /contains no certificate/],
  ])('in %s is an error that says why', async (file, why) => {
    await place.openApi();
    writeCustomers(place, 1);
    const { stderr, exitCode } = await place.run(['import', 'customers.csv', '--ca-file', file]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(why);
  });
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };

  it('switches no check of a certificate off, neither directly nor through a proxy', async () => {
    const { baseUrl, api } = await openSecureApi();
    writeCustomers(place, 1);
    const { port } = await startProxy();
    for (const proxy of [{}, { HTTPS_PROXY: `http://127.0.0.1:${port}` }]) {
      const args = ['import', ...fast, 'customers.csv', '--base-url', baseUrl];
      expect((await place.run(args, { env: { ...env, ...proxy } })).exitCode).toBe(5);
    }
    expect(api.requests()).toEqual([]);
  });

  it('switches no check of a webhook off', async () => {
    const { port } = await openSecureApi();
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const failures = await notify({ webhook: `https://localhost:${port}/hook` }, true, {});
    vi.unstubAllEnvs();
    expect(failures).toEqual([
      `The webhook at localhost:${port} could not be reached (UNABLE_TO_VERIFY_LEAF_SIGNATURE).`,
    ]);
  });

  it('is a failed check of doctor', async () => {
    const { baseUrl } = await openSecureApi();
    const args = ['doctor', '--base-url', baseUrl, '--ca-file', authority().certificate];
    const { stdout, exitCode } = await place.run(args, { env });
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/fail +tls variable +NODE_TLS_REJECT_UNAUTHORIZED=0 is set/);
  });
});

describe('a proxy', () => {
  const through = (proxy: string, more: Readonly<Record<string, string>> = {}) => ({
    HTTPS_PROXY: proxy,
    NODE_EXTRA_CA_CERTS: authority().certificate,
    ...more,
  });

  it('is what HTTPS_PROXY names, and everything goes through it', async () => {
    const { baseUrl, port, api } = await openSecureApi();
    const proxy = await startProxy();
    writeCustomers(place, 3);
    const env = through(`http://127.0.0.1:${proxy.port}`);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv', '--base-url', baseUrl], { env });
    expect(exitCode).toBe(0);
    expect(api.customers()).toHaveLength(3);
    expect(new Set(proxy.tunnels)).toEqual(new Set([`localhost:${port}`]));
    const { stdout } = await place.run(['doctor', '--base-url', baseUrl], { env });
    expect(stdout).toMatch(/ok +proxy +http:\/\/127\.0\.0\.1:\d+ \(environment HTTPS_PROXY\)/);
    expect(stdout).toContain('trusted, through the proxy');
  });

  it('trusts a certificate of --ca-file through the tunnel, too', async () => {
    const { baseUrl } = await openSecureApi();
    const proxy = await startProxy();
    const args = ['doctor', '--base-url', baseUrl, '--ca-file', authority().certificate];
    const { exitCode } = await place.run(args, { env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } });
    expect(exitCode).toBe(0);
    expect(proxy.tunnels.length).toBeGreaterThan(0);
  });

  it('is left out for hosts in NO_PROXY', async () => {
    const { baseUrl } = await openSecureApi();
    const proxy = await startProxy();
    const env = through(`http://127.0.0.1:${proxy.port}`, { NO_PROXY: 'example.com, localhost' });
    const { stdout, exitCode } = await place.run(['doctor', '--base-url', baseUrl], { env });
    expect(exitCode).toBe(0);
    expect(proxy.tunnels).toEqual([]);
    expect(stdout).toContain('none for this address: NO_PROXY has "localhost"');
  });

  it('gets the login that its address holds', async () => {
    const { baseUrl } = await openSecureApi();
    const proxy = await startProxy('me:hush');
    const good = await place.run(['doctor', '--base-url', baseUrl], {
      env: through(`http://me:hush@127.0.0.1:${proxy.port}`),
    });
    expect(good.exitCode).toBe(0);
    const none = await place.run(['doctor', '--base-url', baseUrl], { env: through(`http://127.0.0.1:${proxy.port}`) });
    expect(none.exitCode).toBe(5);
    expect(none.stdout).toMatch(/PROXY_407.*\n.*user:password@host/);
  });

  it('is never between this machine and a sandbox on it', async () => {
    const { exitCode } = await place.run(['doctor', '--sandbox'], {
      env: { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' },
    });
    expect(exitCode).toBe(0);
  });

  it('that makes no tunnel has let no request through', async () => {
    const { baseUrl } = await openSecureApi();
    const proxy = await startProxy('me:hush');
    const http = openHttp({
      baseUrl,
      connections: 1,
      connectTimeoutMs: 5000,
      requestTimeoutMs: 5000,
      proxy: `http://127.0.0.1:${proxy.port}`,
    });
    const error = await http
      .send({ method: 'POST', path: '/customers', headers: {}, body: '{}' })
      .catch((cause: unknown) => cause);
    await http.close();
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'PROXY_407', sent: false });
  });
});

describe('the proxy for an address', () => {
  const proxy = { HTTPS_PROXY: 'http://proxy:3128' };

  it.each([
    ['https://api.example.com/v2', {}, undefined],
    ['https://api.example.com/v2', proxy, 'http://proxy:3128'],
    ['https://api.example.com/v2', { https_proxy: 'proxy:3128' }, 'http://proxy:3128'],
    ['https://api.example.com/v2', { ALL_PROXY: 'http://all:1' }, 'http://all:1'],
    ['http://127.0.0.1:8080', { ...proxy, HTTP_PROXY: 'http://p:1' }, undefined],
    ['https://api.example.com', { ...proxy, NO_PROXY: '*' }, undefined],
    ['https://api.example.com', { ...proxy, NO_PROXY: 'example.com' }, undefined],
    ['https://api.example.com', { ...proxy, NO_PROXY: '.example.com' }, undefined],
    ['https://api.example.com', { ...proxy, NO_PROXY: '*.example.com' }, undefined],
    ['https://api.example.com', { ...proxy, NO_PROXY: 'ample.com' }, 'http://proxy:3128'],
    ['https://api.example.com', { ...proxy, NO_PROXY: 'api.example.com:8443' }, 'http://proxy:3128'],
    ['https://api.example.com:8443', { ...proxy, no_proxy: 'API.example.com:8443' }, undefined],
  ])('%s with %j is %s', (baseUrl, environment, expected) => {
    expect(findProxy(baseUrl, environment).value).toBe(expected);
  });
});
