import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { SmtpTarget } from '#src/config/notify-targets.js';
import { type Alert, renderText, renderTitle } from './alert.js';

const stepTimeoutMs = 15_000;
const wholeTimeoutMs = 60_000;

const defaultPorts = { starttls: 587, tls: 465, none: 25 } as const;

/**
 * Sends an alert as e-mail in plain text.
 *
 * @throws Error with a sentence that says what went wrong
 */
export async function sendMail(target: SmtpTarget, alert: Alert): Promise<void> {
  const { host, security = 'starttls', username, passwordFile, from, to } = target;
  const port = target.port ?? defaultPorts[security];
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch the check off.
    tls: { rejectUnauthorized: true },
    ...(username === undefined || passwordFile === undefined
      ? {}
      : { auth: { user: username, pass: readPassword(passwordFile) } }),
    connectionTimeout: stepTimeoutMs,
    greetingTimeout: stepTimeoutMs,
    socketTimeout: stepTimeoutMs,
    dnsTimeout: stepTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), wholeTimeoutMs);
  try {
    const sending = transport.sendMail({
      from,
      to: [...to],
      subject: `[mypos-customers] ${renderTitle(alert)}`,
      text: `${renderText(alert)}\n`,
      // Nobody's out-of-office note should answer.
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    const { rejected } = await Promise.race([sending, rejectWhen(deadline.signal)]);
    if (rejected.length > 0) throw new Error(`it refused a receiver: ${rejected.map(String).join(', ')}`);
  } catch (error) {
    throw new Error(`The mail server ${host}:${port} did not take the mail: ${explain(error)}.`);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

/** A server that answers slowly enough would otherwise hold a job for as long as it likes. */
function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`it took longer than ${wholeTimeoutMs / 1000} seconds`)));
  });
}

/** By the codes of nodemailer. */
const reasons: Readonly<Record<string, string>> = {
  EDNS: 'there is no server of this name',
  ECONNECTION: 'it could not be reached',
  ETIMEDOUT: 'it did not answer in time',
  ETLS: 'it offers no encryption (STARTTLS); correct "security"',
  EAUTH: 'it refused the login',
  ENOAUTH: 'it offers no login that can be used',
};

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '', responseCode } = error as Error & { readonly code?: string; readonly responseCode?: number };
  const refused = /\bconnect (E[A-Z]+)/.exec(error.message)?.[1];
  if (refused !== undefined) return `it could not be reached (${refused})`;
  const reason = reasons[code] ?? error.message.replace(/[.\s]+$/, '');
  return responseCode === undefined ? reason : `${reason} (${responseCode})`;
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new Error(`The file ${path} with the password of the mail server cannot be read.`);
  }
}
