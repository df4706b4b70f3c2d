import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { customerFile, customerLines, keyedMapping, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly dependencies: object };

/** Rooms for the network and the databases. */
const online: ReadonlySet<string> = new Set(['api', 'inbox', 'sandbox', 'sqlite']);

/** Which of the product's packages a command line loads, which of those rooms, and which commands. */
async function loadedBy(args: readonly string[]) {
  const log = place.path('modules.log');
  const preload = pathToFileURL(resolve('test/e2e/log-modules.mjs')).href;
  const { exitCode, stderr } = await place.run(args, {
    env: { NODE_OPTIONS: `--import ${preload}`, MODULE_LOG: log },
    realWaits: true,
  });
  expect(exitCode, stderr).toBe(0);
  const addresses = readFileSync(log, 'utf8').split('\n');
  const found = (pattern: RegExp) => [...new Set(addresses.flatMap((address) => pattern.exec(address)?.[1] ?? []))];
  return {
    packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//)
      .filter((name) => Object.hasOwn(manifest.dependencies, name))
      .sort(),
    online: found(/\/dist\/src\/([\w-]+)\//).filter((room) => online.has(room)),
    commands: found(/\/dist\/src\/cli\/commands\/([\w-]+)/),
  };
}

describe('what is loaded', () => {
  it.each(['--help', '--version'])('by %s is the command line alone', async (option) => {
    const { packages, online } = await loadedBy([option]);
    expect({ packages, online }).toEqual({ packages: ['fastest-levenshtein', 'yargs'], online: [] });
  });

  it('by a check of CSV is what reads, maps and validates: nothing for workbooks, the network, or the ledger', async () => {
    place.write('customers.csv', customerFile(customerLines(10)));
    writeMapping(place, keyedMapping);
    expect(await loadedBy(['check', 'customers.csv'])).toEqual({
      packages: ['ajv', 'csv-parse', 'fastest-levenshtein', 'iconv-lite', 'jsonc-parser', 'yargs'],
      online: [],
      commands: ['check'],
    });
  });
});
