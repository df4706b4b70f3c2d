import type { CodeTable } from './code-table.js';

/** What the network, the API and the login say that concerns the whole command. */
export const apiCodes = {
  ACCESS_TOKEN_REFUSED: {
    meaning: 'The API did not accept the access token in MYPOS_CONNECT_ACCESS_TOKEN; a token lives two hours.',
    nextStep:
      'Put a fresh token there, or set MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD so that one is fetched when needed.',
    exit: 6,
  },
  ADDRESS_UNUSABLE: {
    meaning: 'The address cannot be reached, or there is no Customers API at it. Nothing was written.',
    nextStep: 'Check --base-url; it usually ends in /api/v2. `mypos-customers doctor` finds out more.',
    exit: [2, 5],
  },
  CA_FILE: {
    meaning: 'The certificate file cannot be read, or holds no certificate in PEM form.',
    nextStep: 'Name a text file with -----BEGIN CERTIFICATE----- in it; your IT department has the one of your proxy.',
    exit: 2,
  },
  CUSTOMER_UNANSWERED: {
    meaning: 'A customer could not be read from the API.',
    nextStep: 'Try again later, or check the mapping without --live.',
    exit: 5,
  },
  IOREDIS_MISSING: {
    meaning: 'A rate that is shared through Redis needs the package ioredis, which is not installed.',
    nextStep: 'npm install ioredis@5 beside mypos-customers, or leave out --pace.',
    exit: 2,
  },
  LIST_EMPTY: {
    meaning: 'The API lists no customers any more, although some are known. Nothing was changed.',
    nextStep:
      'Usually this user has lost the right to read customers. If they are really gone: mypos-customers mirror refresh --anew',
    exit: 2,
  },
  LIST_MOVES: {
    meaning: 'Customers are being deleted faster than the list of them can be read.',
    nextStep: 'Try again when that has ended.',
    exit: 5,
  },
  LIST_REFUSED: {
    meaning: 'The API refused to list customers.',
    nextStep: 'Check the names of fields in --sort and --fields, and the dates.',
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
      'Check MYPOS_CONNECT_USERNAME (the API user’s e-mail) and MYPOS_CONNECT_PASSWORD, then try `mypos-customers login`.',
    exit: 6,
  },
  LOGIN_STUCK: {
    meaning: 'Another process has been logging in for more than a minute.',
    nextStep: 'Try again; if it stays so, find the mypos-customers process that hangs and end it.',
    exit: 5,
  },
  LOGIN_UNANSWERED: {
    meaning: 'The login got no usable answer.',
    nextStep: 'Check the address and try again later.',
    exit: 5,
  },
  LOGIN_UNUSABLE: {
    meaning: 'The API refused the login that was to be set up. Nothing was written.',
    nextStep: 'Check --username (the API user’s e-mail) and what --password-file holds.',
    exit: 6,
  },
  LONG_PAUSE: {
    meaning: 'The API asks for a long pause (Retry-After).',
    nextStep: 'Resume after that time, perhaps with a lower --rate.',
    exit: 5,
  },
  NOT_PROVED: {
    meaning: 'It could not be proved that every customer was read.',
    nextStep: 'Try again when fewer people work on the customers.',
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
    meaning: 'Redis, through which this machine shares its rate, cannot be reached or does not answer.',
    nextStep: 'Check Redis, or leave out --pace while no other machine uses this login.',
    exit: 5,
  },
  PACE_RATE_DIFFERS: {
    meaning: 'Other machines share this rate with another --rate.',
    nextStep: 'Give all of them the same; some minutes after the last one has ended, any will do.',
    exit: 2,
  },
  PACE_WITHOUT_RATE: {
    meaning: 'A rate that is shared cannot be "unlimited".',
    nextStep: 'Give all machines that share it the same, e.g. --rate 5.',
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
    meaning: 'The API answered "too many requests" (HTTP 429) several times in a row to one request.',
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
      'Rights are given per entity and per verb: ask whoever manages your API users at MYPOS Connect to add the missing right on Customers.',
    exit: 6,
  },
  SERVER_SILENT: {
    meaning: 'Many requests in a row got no answer that could be read. Nothing more was sent.',
    nextStep: 'Try again when the API answers; the run can be resumed.',
    exit: 5,
  },
  TOKENS_EXHAUSTED: {
    meaning: 'The tokens that the API gives in a UTC day are used up, except for a reserve.',
    nextStep:
      'Try again after midnight UTC. If this happens often, make all jobs use one --state-dir, so that they share a token.',
    exit: 6,
  },
  TOKEN_REFUSED: {
    meaning: 'The API does not even accept a new token (HTTP 401).',
    nextStep: 'Run `mypos-customers login` to see whether the login works, and check the address.',
    exit: 6,
  },
  UNREACHABLE: {
    meaning: 'The API cannot be reached.',
    nextStep:
      'Check the network and the address; `mypos-customers doctor` finds out more. Then `mypos-customers resume`.',
    exit: 5,
  },
} as const satisfies CodeTable;
