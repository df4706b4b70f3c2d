import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations } from './architecture/find-violations.js';
import { houseRules } from './architecture/rules.js';

const sources = readSources();

function readSources(): ReadonlyMap<string, string> {
  const paths = ['pipelines', 'src'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${root}/${path.replaceAll(sep, '/')}`),
  );
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

/** What the house says to one made-up file beside the real ones. */
function violationsWith(path: string, text: string): readonly string[] {
  return findViolations(new Map([...sources, [path, text]]), houseRules);
}

describe('the house', () => {
  it('has no wrong arrow, second door, ring of imports, drawer or endless file', () => {
    expect(findViolations(sources, houseRules)).toEqual([]);
  });

  it('is looked at whole', () => {
    expect(sources.size).toBeGreaterThan(100);
    expect([...sources.keys()]).toEqual(expect.arrayContaining(['pipelines/import/import.ts', 'src/cli/main.ts']));
  });

  it('names only doors that exist', () => {
    const files = [...sources.keys()];
    const missing = Object.values(houseRules.doors)
      .flat()
      .filter((door) => !files.some((file) => file.startsWith(door)));
    expect(missing).toEqual([]);
  });
});

describe('the check of the house finds', () => {
  it.each([
    [
      'pipelines that know the outside',
      'pipelines/import/peek.ts',
      "import type { Settings } from '../../src/config/settings.js';",
      'pipelines/import/peek imports src/config/settings: a wrong arrow',
    ],
    [
      'two rooms that know each other by accident',
      'src/files/ask.ts',
      "export { openLedger } from '../ledger/open-ledger.js';",
      'src/files/ask imports src/ledger/open-ledger: a wrong arrow',
    ],
    [
      'a sandbox that borrows from the client',
      'src/sandbox/borrow.ts',
      "const policy = await import('../api/retry.js');",
      'src/sandbox/borrow imports src/api/retry: a wrong arrow',
    ],
    [
      'a command beside the sandbox command that starts a server',
      'src/cli/commands/serve.ts',
      "import { startSandbox } from '../../sandbox/start-sandbox.js';",
      'src/cli/commands/serve imports src/sandbox/start-sandbox: a wrong arrow',
    ],
    [
      'a room without a place',
      'src/extras/new.ts',
      "import '../errors.js';",
      'src/extras/new imports src/errors: a wrong arrow',
    ],
    ['a second door', 'src/app/fetch.ts', "import { Pool } from 'undici';", 'src/app/fetch is a second door to undici'],
    [
      'a second door through a part of the package',
      'src/app/parse.ts',
      "import { parse } from 'csv-parse/sync';",
      'src/app/parse is a second door to csv-parse',
    ],
    [
      'a package in the pipelines',
      'pipelines/import/table.ts',
      "import Table from 'cli-table3';",
      'pipelines/import/table is a second door to cli-table3',
    ],
    [
      'a package without a door',
      'src/cli/pretty.ts',
      "import chalk from 'chalk';",
      'src/cli/pretty imports chalk, which has no door',
    ],
    [
      'a Node module without its prefix',
      'src/files/old.ts',
      "import fs from 'fs';",
      'src/files/old imports fs, which has no door',
    ],
    [
      'a file that is not there',
      'src/files/gone.ts',
      "import './nowhere.js';",
      'src/files/gone imports src/files/nowhere, which is not there',
    ],
    ['a folder for everything', 'src/files/utils/pad.ts', 'export const pad = 1;', 'a folder is named utils'],
    ['an endless file', 'src/files/long.ts', '\n'.repeat(401), 'src/files/long has 401 lines; the most is 400'],
  ])('%s', (_name, path, text, expected) => {
    expect(violationsWith(path, text)).toEqual([expected]);
  });

  it('a ring of imports', () => {
    const ring = new Map([
      ['src/files/a.ts', "import { b } from './b.js';"],
      ['src/files/b.ts', "import type { C } from './c.js';"],
      ['src/files/c.ts', "export * from './a.js';"],
    ]);
    expect(findViolations(ring, houseRules)).toEqual([
      'a ring of imports: src/files/a → src/files/b → src/files/c → src/files/a',
    ]);
  });
});
