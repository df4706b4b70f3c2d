import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeHelpPages } from './help-pages.js';

/** A part of the build. */
for (const { name, text } of await makeHelpPages()) {
  const path = join('dist/help', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
