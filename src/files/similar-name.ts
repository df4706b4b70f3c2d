import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nearestNames } from '#pipelines/mapping/nearest-name.js';

/** The file in the same folder whose name is most like that of this path, which is not there; as the path was written. */
export function findSimilarFile(path: string): string | undefined {
  const [folder, name] = [dirname(path), basename(path)];
  try {
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory());
    const [near] = nearestNames(
      name.normalize('NFKC'),
      files.map((entry) => entry.name),
    );
    return near === undefined ? undefined : folder === '.' && !path.startsWith('.') ? near : join(folder, near);
  } catch {
    // The folder is not there, or must not be read: nothing can be proposed.
    return undefined;
  }
}
