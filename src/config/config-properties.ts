/** Every property of the configuration file and what it is for: the one source of its reader, its types and its schema. */
export const configProperties = {
  $schema: 'Where editors find the schema of this file.',
  version: 'The version of the format: 1.',
  defaultProfile: 'The profile that counts when --profile names none.',
  profiles: 'Settings by name, one for each tenant or purpose.',
  jobs: 'What to do with dropped files, by name.',
} as const;

/** A secret never stands in the file, only the name of a file that holds it. */
export const profileProperties = {
  baseUrl: { about: 'Address of the API, e.g. https://api.myposconnect.com/api/v2.', holds: 'text' },
  username: { about: "The API user's e-mail address.", holds: 'text' },
  passwordFile: { about: 'File that holds the password.', holds: 'text' },
  accessTokenFile: { about: 'File that holds a ready access token.', holds: 'text' },
  stateDir: { about: 'Folder for ledger, token and mirror.', holds: 'text' },
  rate: { about: 'Requests a second, or "unlimited". Default: 5.', holds: 'number or text' },
  pace: { about: 'Redis that several machines share the rate through, e.g. redis://host:6379.', holds: 'text' },
  pacePasswordFile: { about: 'File that holds the password of that Redis.', holds: 'text' },
  concurrency: { about: 'Requests in flight. Default: 4.', holds: 'number or text' },
  timeout: { about: 'Seconds to wait for an answer. Default: 60.', holds: 'number or text' },
  mapping: { about: 'Mapping file. Default: mappings.json.', holds: 'text' },
  caFile: { about: "Certificate (PEM) of a company's own authority, trusted as well.", holds: 'text' },
  guards: { about: 'What may make an import refuse to begin; what the mapping says goes first.', holds: 'guards' },
} as const satisfies Record<string, { readonly about: string; readonly holds: 'text' | 'number or text' | 'guards' }>;

export type ProfileProperty = keyof typeof profileProperties;

/** The one version of the format that there is. */
export const configVersion = 1;
