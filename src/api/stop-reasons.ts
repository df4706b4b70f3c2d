import type { Refusal } from '#pipelines/model.js';
import { LoginError, RunStoppedError } from '#src/errors.js';

/** What to do when no connection can be made, by the code of Node, OpenSSL or the proxy. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/^(ENOTFOUND|EAI_)/, 'The host name in the address cannot be resolved: check it (--base-url) and the network.'],
  [/^ECONNREFUSED$/, 'No server is listening on that address and port: check it (--base-url).'],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED/,
    'The certificate is not from an authority that this machine trusts, which is common behind a company proxy. Specify the certificate of that authority with --ca-file, "caFile" in the profile, or NODE_EXTRA_CA_CERTS.',
  ],
  [/ALTNAME_INVALID/, 'The certificate is for another host name: check the address (--base-url).'],
  [
    /CERT_(HAS_EXPIRED|NOT_YET_VALID)/,
    'Check the clock of this machine; if it is right, the server needs a new certificate.',
  ],
  [/^E[MN]FILE$/, 'Too many files are open on this machine: raise the limit (ulimit -n), or close other programs.'],
  [/^PROXY_407$/, 'The proxy requires a login: HTTPS_PROXY=http://user:password@host:port'],
  [/^PROXY_/, 'The proxy refuses to connect to this address: ask its administrator, or list the host in NO_PROXY.'],
];

const defaultHint = 'Check the network and the address (--base-url), then try again.';

export function findReachHint(code: string): string {
  return hints.find(([pattern]) => pattern.test(code))?.[1] ?? defaultHint;
}

export function rightMissing(refusal: Refusal): LoginError {
  return new LoginError(`The API does not allow this user to do that (HTTP 403): ${refusal.message}`, {
    code: 'RIGHT_MISSING',
    nextStep:
      'Permissions are granted per entity and per action: ask whoever manages your API users in MYPOS Connect to add the missing permission for Customers.',
  });
}

export function tokenRefused(refusal: Refusal): LoginError {
  return new LoginError(`The API does not even accept a new token (HTTP 401): ${refusal.message}`, {
    code: 'TOKEN_REFUSED',
    nextStep: 'Run `mypos-customers login` to see whether the login works, and check the address.',
  });
}

export function serverSilent(count: number): RunStoppedError {
  return new RunStoppedError(`The last ${count} requests got no usable answer.`, {
    code: 'SERVER_SILENT',
    nextStep: 'Nothing more was sent. Try again when the API is available; the run can be resumed.',
  });
}

export function rateLimitedTooOften(count: number): RunStoppedError {
  return new RunStoppedError(
    `The API answered "too many requests" (HTTP 429) ${count} times in a row to the same request.`,
    {
      code: 'RATE_LIMITED',
      nextStep: 'Resume later with a lower --rate.',
    },
  );
}

export function longPause(waitMs: number): RunStoppedError {
  return new RunStoppedError(`The API asks for a pause of ${Math.round(waitMs / 60_000)} minutes (Retry-After).`, {
    code: 'LONG_PAUSE',
    nextStep: 'Resume after that time, perhaps with a lower --rate.',
  });
}

export function quotaSpent(retries: number): RunStoppedError {
  return new RunStoppedError(
    `${retries} retries were needed in this run: there is a problem with the network or the API.`,
    {
      code: 'RETRY_QUOTA',
      nextStep: 'Resume when it is fixed.',
    },
  );
}

export function unreachable(baseUrl: string, code: string): RunStoppedError {
  return new RunStoppedError(`${baseUrl} cannot be reached (${code}).`, {
    code: 'UNREACHABLE',
    nextStep: findReachHint(code),
  });
}

export function redirected(baseUrl: string, status: number | undefined, location: string): RunStoppedError {
  return new RunStoppedError(
    `${baseUrl} redirects (HTTP ${status}) to ${location}, which the Customers API does not do.`,
    {
      code: 'REDIRECTED',
      nextStep:
        'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; a proxy or a login page may be in between.',
    },
  );
}
