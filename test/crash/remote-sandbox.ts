import type { Customer } from '#pipelines/model.js';
import type { Fault } from '#src/sandbox/fault.js';
import type { LoggedRequest } from '#src/sandbox/serve-api.js';
import { startCommandLine } from '#test/e2e/run-command-line.js';

/** The sandbox as users run it: the compiled command in a process of its own, asked through its admin API. */
export interface RemoteSandbox {
  /** Address and login, for the environment of other commands. */
  readonly env: Readonly<Record<string, string>>;
  readonly password: string;
  customers(): Promise<Customer[]>;
  requests(): Promise<LoggedRequest[]>;
  setFaults(faults: readonly (Fault | string)[]): Promise<void>;
  /** Deletes customers, tokens and requests; keeps the faults. */
  reset(): Promise<void>;
  /** One call of the API itself, as another program of the shop would make it. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

const hoursMs = 4 * 60 * 60_000;

export async function startRemoteSandbox(folder: string): Promise<RemoteSandbox> {
  const args = ['sandbox', '--json', '--data', ':memory:', '--username', 'clerk@example.com'];
  // A word that is nowhere else, so that a search of the disk finds nothing but the password.
  const env = { HOME: folder, MYPOS_SANDBOX_PASSWORD: 'correct-horse-battery' };
  const running = startCommandLine({ args, cwd: folder, env, patienceMs: hoursMs });
  await running.saw('"pid"');
  const { baseUrl, username, password, adminToken } = JSON.parse(running.output().stdout) as Record<string, string>;
  const origin = new URL(String(baseUrl)).origin;
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(path.startsWith('/_sandbox') ? { authorization: `Bearer ${adminToken}` } : {}),
        ...json,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${answer.status} ${text}`);
    return text;
  };
  const bearer = async () => {
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const login = JSON.parse(await ask('POST', '/api/v2/auth/token', undefined, { authorization: `Basic ${basic}` }));
    return { authorization: `Bearer ${(login as { bearerToken: string }).bearerToken}` };
  };
  return {
    env: {
      MYPOS_CONNECT_BASE_URL: String(baseUrl),
      MYPOS_CONNECT_USERNAME: String(username),
      MYPOS_CONNECT_PASSWORD: String(password),
    },
    password: String(password),
    customers: async () => parseLines(await ask('GET', '/_sandbox/customers')) as Customer[],
    requests: async () => JSON.parse(await ask('GET', '/_sandbox/requests')) as LoggedRequest[],
    setFaults: async (faults) => {
      await ask('PUT', '/_sandbox/faults', faults);
    },
    reset: async () => {
      await ask('POST', '/_sandbox/reset');
    },
    call: async (method, path, body) => {
      const text = await ask(method, `/api/v2${path}`, body, await bearer());
      return text === '' ? undefined : JSON.parse(text);
    },
    close: async () => {
      running.signal('SIGKILL');
      await running.finished;
    },
  };
}

function parseLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
