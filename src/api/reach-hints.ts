/** What to do when no connection comes about, by the code that Node, OpenSSL or the proxy gives. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/^(ENOTFOUND|EAI_)/, 'The name in the address is not known here: check it (--base-url), and the network.'],
  [/^ECONNREFUSED$/, 'Nobody answers at that address and port: check it (--base-url).'],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED/,
    'The certificate is not from an authority that this machine trusts; a company proxy does that. Name its certificate with --ca-file, "caFile" in the profile, or NODE_EXTRA_CA_CERTS.',
  ],
  [/ALTNAME_INVALID/, 'The certificate is for another name: check the address (--base-url).'],
  [
    /CERT_(HAS_EXPIRED|NOT_YET_VALID)/,
    'Check the clock of this machine first; else the server needs a new certificate.',
  ],
  [/^PROXY_407$/, 'The proxy wants a login: HTTPS_PROXY=http://user:password@host:port'],
  [/^PROXY_/, 'The proxy makes no tunnel to this address: ask who runs it, or list the host in NO_PROXY.'],
];

const usualHint = 'Check the network and the address (--base-url), then try again.';

export function reachHint(code: string): string {
  return hints.find(([pattern]) => pattern.test(code))?.[1] ?? usualHint;
}
