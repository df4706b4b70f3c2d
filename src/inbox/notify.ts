import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whom to tell of an event, and how. */
export interface NotificationTargets {
  readonly onSuccess?: readonly string[];
  readonly onFailure?: readonly string[];
  readonly webhook?: string;
  readonly webhookFile?: string;
}

/** Facts of an event: names, counts and reasons; never a secret and never a customer. */
export type EventFacts = Readonly<Record<string, unknown>>;

const commandTimeoutMs = 60_000;
const webhookTimeoutMs = 15_000;

/**
 * Tells the job's people of an event. What goes wrong with that changes nothing for the file.
 *
 * @returns what went wrong, a sentence each
 */
export async function notify(
  notices: NotificationTargets,
  isSuccess: boolean,
  facts: EventFacts,
): Promise<readonly string[]> {
  const command = isSuccess ? notices.onSuccess : notices.onFailure;
  const told = await Promise.allSettled([
    ...(command === undefined ? [] : [runCommand(command, facts)]),
    ...(notices.webhook === undefined && notices.webhookFile === undefined ? [] : [postToWebhook(notices, facts)]),
  ]);
  return told.flatMap((one) => (one.status === 'rejected' ? [String((one.reason as Error).message)] : []));
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
    // A command that does not read them closes the pipe; that is its right.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(facts)}\n`);
  });
}

/** All that this process has, but nothing of ours: the login is nobody else's business. */
function environmentWithoutSecrets(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MYPOS_CONNECT_')));
}

/** The address may be a secret itself, so that no error of fetch, which may quote it, is passed on. */
async function postToWebhook(notices: NotificationTargets, facts: EventFacts): Promise<void> {
  const address = readWebhookAddress(notices);
  let status: number;
  try {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(facts),
      redirect: 'manual',
      signal: AbortSignal.timeout(webhookTimeoutMs),
    });
    await answer.body?.cancel();
    status = answer.status;
  } catch {
    throw new Error(`The webhook at ${address.host} could not be reached.`);
  }
  if (status < 200 || status > 299) throw new Error(`The webhook at ${address.host} answered ${status}.`);
}

function readWebhookAddress({ webhook, webhookFile }: NotificationTargets): URL {
  const text = webhook ?? readAddressFile(webhookFile ?? '');
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = address !== undefined && /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(address.hostname);
  if (address?.protocol === 'https:' || (address?.protocol === 'http:' && isLocal)) return address;
  throw new Error('The address of the webhook must begin with https: (http: only to this machine).');
}

function readAddressFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Error(`The file ${path}, which should hold the address of the webhook, cannot be read.`);
  }
}
