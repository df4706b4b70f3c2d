import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProfile } from '#src/config/config-file.js';
import { buildConfigSchema } from '#src/config/config-schema.js';

const accepts = new Ajv({ strict: false, allErrors: true }).compile(buildConfigSchema());

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The error of the reader of the file; `undefined` when it accepts the file. */
function readError(json: unknown): string | undefined {
  const path = join(folder, 'mypos-customers.json');
  writeFileSync(path, JSON.stringify(json));
  try {
    readProfile(path, 'shop');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the published schema of the configuration', () => {
  it('is what the tables of the reader say (renew it with vitest -u)', async () => {
    await expect(`${JSON.stringify(buildConfigSchema(), null, 2)}\n`).toMatchFileSnapshot(
      '../../schemas/mypos-customers.schema.json',
    );
  });

  it.each<[title: string, json: unknown]>([
    ['a profile with nothing in it', { profiles: { shop: {} } }],
    [
      'everything',
      {
        $schema: './schemas/mypos-customers.schema.json',
        version: 1,
        defaultProfile: 'shop',
        profiles: {
          shop: {
            baseUrl: 'https://api.example/api/v2',
            username: 'clerk@example.com',
            passwordFile: '/run/secrets/password',
            accessTokenFile: '/run/secrets/token',
            stateDir: '/var/lib/mypos',
            rate: 5,
            concurrency: '4',
            timeout: 60,
            mapping: 'ours.json',
          },
        },
      },
    ],
    [
      'jobs of both kinds',
      { profiles: { shop: {} }, jobs: { in: { files: '*.csv' }, out: { kind: 'export', output: '{date}.xlsx' } } },
    ],
    ['an unlimited rate', { profiles: { shop: { rate: 'unlimited' } } }],
  ])('accepts what the reader accepts: %s', (_title, json) => {
    expect(readError(json)).toBeUndefined();
    expect(accepts(json)).toBe(true);
  });

  it.each<[title: string, json: unknown, says: string]>([
    ['an unknown property', { profile: {}, profiles: { shop: {} } }, 'unknown key "profile"'],
    ['an unknown setting', { profiles: { shop: { mappings: 'a' } } }, 'did you mean "mapping"'],
    ['a password', { profiles: { shop: { password: 'secret' } } }, 'unknown key "profiles.shop.password"'],
    ['a setting that is a list', { profiles: { shop: { mapping: ['a'] } } }, 'profiles.shop.mapping'],
    ['profiles in a list', { profiles: [] }, 'should have an object at profiles'],
    ['another version', { version: 2, profiles: { shop: {} } }, 'has the version 2'],
    ['a default profile that is no name', { defaultProfile: 1, profiles: { shop: {} } }, 'has a defaultProfile'],
  ])('refuses what the reader refuses: %s', (_title, json, says) => {
    expect(readError(json)).toContain(says);
    expect(accepts(json)).toBe(false);
  });
});
