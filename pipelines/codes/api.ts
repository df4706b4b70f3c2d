import type { CodeTable } from './code-table.js';

/** Errors of the network, the API and the login that concern the whole command. */
export const apiCodes = {
  ACCESS_TOKEN_REFUSED: {
    meaning: 'The API did not accept the access token in MYPOS_CONNECT_ACCESS_TOKEN; tokens expire after two hours.',
    nextStep:
      'Set a new token, or set MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD so that one is fetched when needed.',
    exit: 6,
  },
  ADDRESS_UNUSABLE: {
    meaning: 'The address cannot be reached, or there is no Customers API there. Nothing was written.',
    nextStep: 'Check --base-url; it usually ends in /api/v2. `mypos-customers doctor` shows more.',
    exit: [2, 5],
  },
  ANSWER_NOT_DECODED: {
    meaning: 'The API’s answer is compressed, and cannot be expanded.',
    nextStep: 'Try again later; a proxy between here and the API may damage its answers.',
  },
  ANSWER_TOO_LARGE: {
    meaning: 'The API’s answer is larger than a page of the list (64 MB) or a customer (1 MB) may be.',
    nextStep:
      'Check the address. If its answers are right, raise "maxPageMegabytes" or "maxAnswerMegabytes" in the profile.',
  },
  CA_FILE: {
    meaning: 'The certificate file cannot be read, or contains no certificate in PEM format.',
    nextStep:
      'Use a text file that contains -----BEGIN CERTIFICATE-----; your IT department has the one for your proxy.',
    exit: 2,
  },
  CUSTOMER_UNANSWERED: {
    meaning: 'A customer could not be read from the API.',
    nextStep: 'Try again later, or check the mapping without --live.',
    exit: 5,
  },
  IOREDIS_MISSING: {
    meaning: 'Sharing the rate limit through Redis needs the package ioredis, which is not installed.',
    nextStep: 'Run `npm install ioredis@5` next to mypos-customers, or leave out --pace.',
    exit: 2,
  },
  LIST_MOVES: {
    meaning: 'Customers are being deleted faster than the list can be read.',
    nextStep: 'Try again when the deletions have finished.',
    exit: 5,
  },
  LIST_NOT_WHOLE: {
    meaning:
      'The list of customers does not show all customers, or contradicts itself, so whoever it leaves out could be added again. At most one customer was added.',
    nextStep:
      'Give this API user the right to read customers, and check it with `mypos-customers doctor`; then `mypos-customers resume`. If the account is really empty: mypos-customers mirror refresh --anew. If the list contradicts itself, try again later, then ask MYPOS Connect.',
    exit: 5,
    formerly: ['LIST_EMPTY'],
  },
  LIST_REFUSED: {
    meaning: 'The API refused to list customers.',
    nextStep: 'Check the field names in --sort and --fields, and the dates.',
    exit: 2,
  },
  LIST_UNANSWERED: {
    meaning: 'The list of customers could not be read.',
    nextStep: 'Try again later.',
    exit: 5,
  },
  LOGIN_REFUSED: {
    meaning: 'The API refused the login.',
    nextStep:
      'Check MYPOS_CONNECT_USERNAME (the API user’s e-mail address) and MYPOS_CONNECT_PASSWORD, then try `mypos-customers login`.',
    exit: 6,
  },
  LOGIN_STUCK: {
    meaning: 'Another process has been logging in for more than a minute.',
    nextStep: 'Try again. If it happens again, find the mypos-customers process that hangs and stop it.',
    exit: 5,
  },
  LOGIN_UNANSWERED: {
    meaning: 'The login request got no usable answer.',
    nextStep: 'Check the address and try again later.',
    exit: 5,
  },
  LOGIN_UNUSABLE: {
    meaning: 'The API refused the login that you entered. Nothing was written.',
    nextStep: 'Check --username (the API user’s e-mail address) and the contents of --password-file.',
    exit: 6,
  },
  LONG_PAUSE: {
    meaning: 'The API asks for a long pause (Retry-After).',
    nextStep: 'Resume after that time, perhaps with a lower --rate.',
    exit: 5,
  },
  NOT_PROVED: {
    meaning: 'It could not be verified that every customer was read.',
    nextStep: 'Try again when fewer people are editing customers.',
    exit: 5,
  },
  NO_API_HERE: {
    meaning: 'There is no Customers API at this address.',
    nextStep: 'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; it usually ends in /api/v2.',
    exit: 2,
  },
  NO_LOGIN: {
    meaning: 'There is no login for the address.',
    nextStep:
      'Set MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD (or …_FILE naming a file), let mypos-customers init set them up, or try everything without a login: add --sandbox.',
    exit: 6,
  },
  PACE_LOST: {
    meaning: 'The Redis server through which machines share the rate limit cannot be reached or does not answer.',
    nextStep: 'Check Redis, or leave out --pace while no other machine uses this login.',
    exit: 5,
  },
  PACE_RATE_DIFFERS: {
    meaning: 'Other machines share this rate limit, but use a different --rate.',
    nextStep: 'Use the same --rate on all of them. Ten minutes after the last one has ended, you can choose a new one.',
    exit: 2,
  },
  PACE_WITHOUT_RATE: {
    meaning: 'A shared rate limit cannot be "unlimited".',
    nextStep: 'Use the same rate on all machines that share it, e.g. --rate 5.',
    exit: 2,
  },
  PLAIN_HTTP: {
    meaning: 'The address would send the login unencrypted.',
    nextStep: 'Use https:. Plain http: is for servers on this machine only.',
    exit: 2,
  },
  PROXY_UNUSABLE: {
    meaning: 'The environment names a proxy that is not the address of an HTTP proxy.',
    nextStep: 'Write it as http://host:port, or unset it.',
    exit: 2,
  },
  RATE_LIMITED: {
    meaning: 'The API answered "too many requests" (HTTP 429) several times in a row to the same request.',
    nextStep: 'Resume later with a lower --rate.',
    exit: 5,
  },
  REDIRECTED: {
    meaning: 'The address redirects to another; the Customers API does not.',
    nextStep: 'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; a proxy or a login page may be in between.',
    exit: 5,
  },
  RETRY_QUOTA: {
    meaning: 'Too many retries were needed in this run: there is a problem with the network or the API.',
    nextStep: 'Resume when it is fixed.',
    exit: 5,
  },
  RIGHT_MISSING: {
    meaning: 'The API does not allow this user to do that (HTTP 403).',
    nextStep:
      'Permissions are granted per entity and per action: ask whoever manages your API users in MYPOS Connect to add the missing permission for Customers.',
    exit: 6,
  },
  SERVER_SILENT: {
    meaning: 'Many requests in a row got no usable answer. Nothing more was sent.',
    nextStep: 'Try again when the API answers; the run can be resumed.',
    exit: 5,
  },
  TOKENS_EXHAUSTED: {
    meaning: 'The tokens that the API issues per UTC day are used up, except for a reserve.',
    nextStep:
      'Try again after midnight UTC. If this happens often, make all jobs use one --state-dir, so that they share a token.',
    exit: 6,
  },
  TOKEN_REFUSED: {
    meaning: 'The API does not even accept a new token (HTTP 401).',
    nextStep: 'Run `mypos-customers login` to see whether the login works, and check the address.',
    exit: 6,
  },
  UNREADABLE_ANSWER: {
    meaning:
      'The API answered, but not with the documented JSON, or not in an encoding that can be recognised; a proxy or a login page may have answered instead.',
    nextStep: 'Check the address with --base-url, and the proxy; `mypos-customers doctor` shows more.',
  },
  UNREACHABLE: {
    meaning: 'The API cannot be reached.',
    nextStep: 'Check the network and the address; `mypos-customers doctor` shows more. Then `mypos-customers resume`.',
    exit: 5,
  },
} as const satisfies CodeTable;
