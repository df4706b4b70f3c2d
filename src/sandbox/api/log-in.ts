import { timingSafeEqual } from 'node:crypto';
import { toApiDate } from '#src/sandbox/api-dates.js';
import type { TokenOffice } from '#src/sandbox/token-office.js';
import type { Answer } from './answer.js';
import type { Call } from './call.js';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** `POST /auth/token`: Basic credentials against a bearer token. */
export function logIn(call: Call, credentials: Credentials, tokens: TokenOffice): Answer {
  const expected = `${credentials.username}:${credentials.password}`;
  const sent = readBasic(call.authorization);
  if (sent === undefined) return failed('The request carries no Basic credentials.');
  if (!isSame(sent, expected)) return failed('The user name or the password is wrong.');
  const issued = tokens.issue();
  if (issued === undefined)
    return failed('This user has had all tokens of the day; the count starts again at midnight UTC.');
  return {
    status: 200,
    body: JSON.stringify({
      failureDescription: null,
      bearerToken: issued.token,
      tokenType: 'Bearer',
      expiryDateUTC: toApiDate(issued.expiresAt),
    }),
  };
}

/** The token node is there on failure too, as in the vendor's answers. */
function failed(failureDescription: string): Answer {
  return { status: 400, body: JSON.stringify({ failureDescription, errors: [], bearerToken: null }) };
}

function readBasic(authorization: string | undefined): string | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

function isSame(sent: string, expected: string): boolean {
  const [left, right] = [Buffer.from(sent), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
