import { existsSync, readFileSync } from 'node:fs';

/** From this file as source, and from what is built of it. */
const manifests = ['../../package.json', '../../../package.json'];

/** The version of this program, as its package says it. */
export function programVersion(): string {
  const manifest = manifests.map((place) => new URL(place, import.meta.url)).find((place) => existsSync(place));
  if (manifest === undefined) throw new Error('The program has been torn from its package.json.');
  return String((JSON.parse(readFileSync(manifest, 'utf8')) as { version: unknown }).version);
}
