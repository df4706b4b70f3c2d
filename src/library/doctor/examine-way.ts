import { type CertificateSeen, lookAtCertificate, lookAtServer, type ServerSeen } from '#src/api/look-at-server.js';
import { reachHint } from '#src/api/reach-hints.js';
import type { Settings } from '#src/config/settings.js';
import { trustedCertificates } from '#src/config/trusted-certificates.js';
import { CustomersError, exitCodes } from '#src/errors.js';
import { withoutLogin } from '#src/library/shown-settings.js';
import { type DoctorFinding, fail, ok, warn } from './finding.js';

const lookTimeoutMs = 15_000;
/** Beyond this, times in the result file and the filters on edit times mislead people. */
const mostClockDifferenceMs = 60_000;
const certificateWarningMs = 14 * 24 * 60 * 60_000;

/** Proxy, address, TLS and clock. With a finding that failed, there is no use in trying a login. */
export async function examineWay(settings: Settings): Promise<readonly DoctorFinding[]> {
  if (settings.sandbox.value) return [ok('address', 'the embedded sandbox in the state folder')];
  const { baseUrl, proxy } = settings;
  let trusted: readonly string[] | undefined;
  try {
    trusted = trustedCertificates(settings.caFile);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return [fail('certificates', error.message, error.nextStep ?? '', exitCodes.usage)];
  }
  const way = { baseUrl: baseUrl.value, proxy: proxy.value, trusted, timeoutMs: lookTimeoutMs };
  const server = await lookAtServer(way);
  const certificate =
    proxy.value === undefined && baseUrl.value.startsWith('https:') ? await lookAtCertificate(way) : undefined;
  return [
    proxyFinding(settings),
    addressFinding(baseUrl.value, server),
    ...tlsFindings(settings, server, certificate),
    ...clockFindings(server),
  ];
}

function proxyFinding({ proxy }: Settings): DoctorFinding {
  if (proxy.value !== undefined) return ok('proxy', `${withoutLogin(proxy.value)} (${proxy.origin})`);
  return ok('proxy', proxy.origin === 'not set' ? 'none' : `none for this address: ${proxy.origin}`);
}

function addressFinding(baseUrl: string, server: ServerSeen): DoctorFinding {
  if (server.kind === 'unreachable')
    return fail(
      'address',
      `${baseUrl} cannot be reached (${server.code})`,
      reachHint(server.code),
      exitCodes.stoppedEarly,
    );
  const check = 'Check the address (--base-url); it usually ends in /api/v2. A proxy or login page may be in between.';
  if (server.location !== undefined)
    return fail('address', `${baseUrl} redirects to ${server.location}`, check, exitCodes.stoppedEarly);
  if (server.isPage)
    return fail('address', `${baseUrl} answers with a page for people (HTTP ${server.status})`, check, exitCodes.usage);
  if (server.status === 404) return fail('address', `${baseUrl} has no customers (HTTP 404)`, check, exitCodes.usage);
  if (server.status >= 500)
    return fail(
      'address',
      `${baseUrl} is not well (HTTP ${server.status})`,
      'Try again later.',
      exitCodes.stoppedEarly,
    );
  return ok('address', `${baseUrl} answers (HTTP ${server.status} without a login)`);
}

function tlsFindings(
  { baseUrl, proxy }: Settings,
  server: ServerSeen,
  certificate: CertificateSeen | undefined,
): readonly DoctorFinding[] {
  if (server.kind === 'unreachable') return [];
  if (baseUrl.value.startsWith('http:')) return [ok('tls', 'none: the server is on this machine')];
  if (proxy.value !== undefined) return [ok('tls', 'trusted, through the proxy')];
  if (certificate === undefined) return [];
  const { protocol, issuer, endsAt } = certificate;
  const found = `${protocol}, certificate of ${issuer} until ${endsAt.toISOString().slice(0, 10)}`;
  if (endsAt.getTime() - Date.now() > certificateWarningMs) return [ok('tls', found)];
  return [warn('tls', found, 'Tell whoever runs the server: when it ends, nothing can be sent any more.')];
}

function clockFindings(server: ServerSeen): readonly DoctorFinding[] {
  if (server.kind === 'unreachable' || server.clockDifferenceMs === undefined) return [];
  const seconds = Math.round(server.clockDifferenceMs / 1000);
  const found = `this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the server`;
  if (Math.abs(server.clockDifferenceMs) <= mostClockDifferenceMs) return [ok('clock', found)];
  return [warn('clock', found, 'Set the clock (NTP): the API’s edit times are compared with it.')];
}
