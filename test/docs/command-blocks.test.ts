import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const pages = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))].filter((name) =>
  name.endsWith('.md'),
);

interface Block {
  readonly marks: string;
  readonly text: string;
}

const isJson = ({ marks }: Block) => marks.endsWith('.json');

/**
 * The command blocks of a page and the files that it shows under their names, in order. What is written for the builders of the
 * program is theirs to run.
 */
function readBlocks(page: string): readonly Block[] {
  const found = [...readFileSync(page, 'utf8').matchAll(/^```(?:sh\b|json (?=\S+\.json$))(.*)\n([\s\S]*?)^```/gm)];
  return found
    .map(([, marks = '', text = '']) => ({ marks: marks.trim(), text }))
    .filter(({ text }) => !/^npm /m.test(text));
}

/** What a page takes for given, beyond the sample. */
const before: Readonly<Record<string, string>> = {
  'docs/export.md': 'mypos-customers import customers.csv; rm customers.csv',
  'docs/nightly-folder.md': 'mkdir -p /srv/drop /etc/mypos-customers && cp mappings.json /etc/mypos-customers',
};

const isRun = ({ marks }: Block) => !marks.includes('not-run');
const patienceMs = 120_000;

/**
 * Runs a block as it stands, but for the login: that of the sandbox stands in. Rows that are wrong on purpose (exit 4), a stop
 * that is shown (5) and doubts (7) are no failures of a page.
 */
function runBlock(text: string, env: Readonly<Record<string, string>>): Promise<string> {
  const commands = text
    .replaceAll(/^export MYPOS_CONNECT_.*$/gm, ':')
    .replaceAll('the password', env.MYPOS_CONNECT_PASSWORD ?? '')
    .replaceAll('api-user@example.com', env.MYPOS_CONNECT_USERNAME ?? '')
    .replaceAll(/\/(?=srv\/|etc\/)/g, `${place.path('.')}/`);
  const script = `trap 'code=$?; case $code in 4|5|7) ;; *) echo "exit $code: $BASH_COMMAND"; exit 99;; esac' ERR\n${commands}`;
  return new Promise((done, fail) => {
    execFile('bash', ['-c', script], { cwd: place.path('.'), env, timeout: patienceMs }, (error, stdout, stderr) => {
      if (error !== null && ![4, 5, 7].includes(Number(error.code)))
        fail(new Error(`${text}\n${error.message}\n${stdout}\n${stderr}`));
      else done(stdout);
    });
  });
}

beforeEach(() => {
  for (const folder of ['bin', 'fixtures', 'schemas']) mkdirSync(place.path(folder));
  // The default rate is for the vendor's server; every command takes the option.
  place.write('bin/mypos-customers', `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@" --rate unlimited\n`);
  place.write('bin/npx', '#!/bin/sh\nexec "$@"\n');
  for (const name of ['mypos-customers', 'npx']) chmodSync(place.path(`bin/${name}`), 0o755);
  // What a page speaks of is the sample, under the names that a page may take for given.
  for (const name of ['fixtures/customers.csv', 'mappings.example.json']) copyFileSync(resolve(name), place.path(name));
  copyFileSync(resolve('fixtures/customers.csv'), place.path('customers.csv'));
});

describe('the command blocks', () => {
  it.each(pages.filter((page) => readBlocks(page).some(isRun)))(
    'of %s work, one after the other',
    async (page) => {
      await place.openApi();
      // A page that makes a mapping of its own begins without one.
      if (!readBlocks(page).some(({ text }) => /mapping suggest|customers init/.test(text)))
        copyFileSync(resolve('mappings.example.json'), place.path('mappings.json'));
      const env = {
        PATH: `${place.path('bin')}:${process.env.PATH}`,
        ...place.environment(),
      };
      if (before[page] !== undefined) await runBlock(before[page], env);
      for (const block of readBlocks(page).filter(isRun))
        if (isJson(block)) place.write(block.marks, block.text);
        else await runBlock(block.text, env);
    },
    patienceMs * 2,
  );

  it('name what is not run', () => {
    const left = pages.flatMap((page) =>
      readBlocks(page)
        .filter((block) => !isRun(block))
        .map(() => page),
    );
    expect(left).toMatchSnapshot();
  });

  it('of the page of the library run', async () => {
    const source = /^```js runnable\n([\s\S]*?)^```/m.exec(readFileSync('docs/library.md', 'utf8'))?.[1] ?? '';
    copyFileSync(resolve('mappings.example.json'), place.path('mappings.json'));
    place.write('program.mjs', source.replace("'mypos-customers'", JSON.stringify(resolve('dist/src/index.js'))));
    const stdout = await runBlock(`'${process.execPath}' program.mjs`, {
      PATH: process.env.PATH ?? '',
      HOME: place.path('home'),
    });
    expect(stdout).toMatch(/^4 \d\d created\n/);
  });
});
