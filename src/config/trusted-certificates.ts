import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { UsageError } from '#src/errors.js';
import type { Setting } from './settings.js';

/**
 * All certificates to trust when there is one of the user's own, in PEM: naming any to TLS leaves out Node's own list and
 * what `NODE_EXTRA_CA_CERTS` adds to it.
 *
 * @returns `undefined` when Node's own list is to be used
 * @throws UsageError when a file cannot be read or holds none
 */
export function trustedCertificates(
  caFile: Setting<string | undefined>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] | undefined {
  if (caFile.value === undefined) return undefined;
  const extra = environment.NODE_EXTRA_CA_CERTS;
  return [
    ...rootCertificates,
    ...(extra === undefined || extra === '' ? [] : [read(extra, 'environment NODE_EXTRA_CA_CERTS')]),
    read(caFile.value, caFile.origin),
  ];
}

function read(path: string, origin: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw unusable(path, origin, `cannot be read (${why})`, cause);
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unusable(path, origin, 'holds no certificate in PEM form');
}

function unusable(path: string, origin: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`The certificate file ${path} (${origin}) ${why}.`, {
    code: 'CA_FILE',
    nextStep: 'Name a text file with -----BEGIN CERTIFICATE----- in it; your IT department has the one of your proxy.',
    cause,
  });
}
