import { showLine } from '#pipelines/visible-text.js';
import type { RunTarget } from '#src/app/run-summary.js';

/** Whose customers: the address, the login, and the profile that named them. */
export function renderTarget({ baseUrl, login, profile }: RunTarget, isSandbox = false): string {
  if (isSandbox) return 'the sandbox on this machine';
  const by = login === 'access-token' ? 'with an access token' : `as ${login}`;
  return showLine(`${baseUrl} ${by}${profile === null ? '' : ` (profile "${profile}")`}`);
}
