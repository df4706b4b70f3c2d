import { createRequire } from 'node:module';
import type jsonata from 'jsonata';

const require = createRequire(import.meta.url);

/** Loads JSONata when the first expression needs it: most mappings have none, and it takes time to start. */
export function loadJsonata(): typeof jsonata {
  return require('jsonata') as typeof jsonata;
}
