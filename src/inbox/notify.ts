import { spawn } from 'node:child_process';
import { postJson } from '#src/alerts/post.js';
import { findProgramProblem } from '#src/platform.js';

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
    ...(targets.webhook === undefined && targets.webhookFile === undefined
      ? []
      : [postJson({ what: 'webhook', url: targets.webhook, urlFile: targets.webhookFile }, facts)]),
  ]);
  return results.flatMap((result) => (result.status === 'rejected' ? [String((result.reason as Error).message)] : []));
}

function runCommand([program = '', ...args]: readonly string[], facts: EventFacts): Promise<void> {
  const problem = findProgramProblem(program);
  if (problem !== undefined) return Promise.reject(new Error(problem));
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
