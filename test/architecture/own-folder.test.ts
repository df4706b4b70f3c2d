import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const listed = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' });
/** The others build such paths on purpose, in temporary folders, in archives, and as examples of forbidden imports. */
const texts = listed
  .split('\0')
  .filter((file) => /\.(?:ts|mjs|json|md|yml|sh)$|^\.ci\//.test(file) && existsSync(file))
  .filter((file) => !/^test\/(?:inbox\/|cli\/|files\/xlsx\/|architecture)/.test(file));

/** Paths that climb, as code, data and documentation write them: in quotation marks, brackets or code marks. */
const climbingPath = /["'`(](\.\.\/[^"'`()\s$*…]*)["'`)]/g;

it('a path that climbs leads to a file of the repository, so a fresh clone is enough', () => {
  const leadingOut = texts.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(climbingPath)].flatMap(([, path = '']) => {
      const target = join(dirname(file), path.replace(/[#?].*$/, ''));
      const isInside = !target.startsWith('..');
      const source = target.replace(/\.js$/, '.ts');
      return isInside && (existsSync(source) || existsSync(target)) ? [] : [`${file}: ${path}`];
    }),
  );
  expect(leadingOut).toEqual([]);
});
