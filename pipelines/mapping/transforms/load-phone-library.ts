import { createRequire } from 'node:module';
import type * as phoneLibrary from 'libphonenumber-js/min';

const require = createRequire(import.meta.url);

/** Loads the world's numbering plans when the first mapping asks for them: they take time to start. */
export function loadPhoneLibrary(): typeof phoneLibrary {
  return require('libphonenumber-js/min') as typeof phoneLibrary;
}
