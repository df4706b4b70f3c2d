import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { type RequestOptions, request as requestOverTls } from 'node:https';

/** Who is notified of an event. */
export interface NotificationTargets {
  readonly onSuccess?: readonly string[];
  readonly onFailure?: readonly string[];
  readonly webhook?: string;
  readonly webhookFile?: string;
}

/** The facts of an event: names, counts and reasons, but no secrets and no customers. */
export type EventFacts = Readonly<Record<string, unknown>>;

const commandTimeoutMs = 60_000;
const webhookTimeoutMs = 15_000;

/**
 * Notifies the targets of an event. A failure to notify them has no effect on the file.
 *
 * @returns the failures, a sentence each
 */
export async function notify(
  targets: NotificationTargets,
  isSuccess: boolean,
  facts: EventFacts,
): Promise<readonly string[]> {
  const command = isSuccess ? targets.onSuccess : targets.onFailure;
  const results = await Promise.allSettled([
    ...(command === undefined ? [] : [runCommand(command, facts)]),
    ...(targets.webhook === undefined && targets.webhookFile === undefined ? [] : [postToWebhook(targets, facts)]),
  ]);
  return results.flatMap((result) => (result.status === 'rejected' ? [String((result.reason as Error).message)] : []));
}

function runCommand([program = '', ...args]: readonly string[], facts: EventFacts): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: environmentWithoutSecrets(),
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: commandTimeoutMs,
      killSignal: 'SIGKILL',
    });
    child.on('error', (error) => reject(new Error(`${program} cannot be run (${error.message}).`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${signal ?? `exit code ${code}`}.`));
    });
    // A command need not read its input; if it does not, the pipe is closed early.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(facts)}\n`);
  });
}

/** Our own variables, which may hold the login, and those that make every program that inherits them load other code. */
const withheld = /^(?:MYPOS_|NODE_OPTIONS$|LD_|DYLD_)/i;
const proxyVariable = /^(?:https?|all|ftp)_proxy$/i;

/** The environment of this process for the commands of a job. */
function environmentWithoutSecrets(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !withheld.test(name));
  return Object.fromEntries(
    kept.map(([name, value = '']) => [name, proxyVariable.test(name) ? value.replace(/^(\w+:\/\/)?.*@/, '$1') : value]),
  );
}

/** The address may be a secret, so errors of the connection, which may quote it, are not passed on. */
async function postToWebhook(targets: NotificationTargets, facts: EventFacts): Promise<void> {
  const address = readWebhookAddress(targets);
  let status: number;
  try {
    status = await post(address, JSON.stringify(facts));
  } catch {
    throw new Error(`The webhook at ${address.host} could not be reached.`);
  }
  if (status < 200 || status > 299) throw new Error(`The webhook at ${address.host} answered ${status}.`);
}

/** @returns the status. A redirect is not followed */
function post(address: URL, body: string): Promise<number> {
  const { username, password } = address;
  const options: RequestOptions = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.timeout(webhookTimeoutMs),
    // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch the check off.
    rejectUnauthorized: true,
    ...(username === '' ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  };
  return new Promise((resolve, reject) => {
    const send = address.protocol === 'https:' ? requestOverTls : requestPlain;
    const request = send(address, options, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject).end(body);
  });
}

function readWebhookAddress({ webhook, webhookFile }: NotificationTargets): URL {
  const text = webhook ?? readAddressFile(webhookFile ?? '');
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = address !== undefined && /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(address.hostname);
  if (address?.protocol === 'https:' || (address?.protocol === 'http:' && isLocal)) return address;
  throw new Error('The webhook address must start with https: (http: is allowed only for this machine).');
}

function readAddressFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Error(`The file ${path} with the webhook address cannot be read.`);
  }
}
