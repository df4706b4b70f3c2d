import { createRequire } from 'node:module';

/** The version of this program, as its package says it. */
export function version(): string {
  const manifest = createRequire(import.meta.url)('mypos-customers/package.json') as { readonly version: string };
  return manifest.version;
}
