import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInputError } from '#src/files/input-file.js';
import { findSimilarFile } from '#src/files/similar-name.js';

/**
 * The files that are meant by names and patterns such as `data/*.csv`, each once, in the order in which they were given. Shells
 * expand patterns themselves; not so that of Windows, and not in quotes. Result files of this program are only found by
 * patterns that name them.
 *
 * @throws InputError when there are several, and one is not there; of a single one, its reader says so
 */
export function expandFiles(words: readonly string[]): readonly string[] {
  const files = words.flatMap((word) => (isPattern(word) ? findFiles(word) : [word]));
  const distinct = [...new Map(files.map((file) => [file === '-' ? file : resolve(file), file])).values()];
  if (distinct.length > 1) for (const file of distinct) assertThere(file);
  return distinct;
}

function isPattern(word: string): boolean {
  return /[*?]/.test(basename(word)) && !existsSync(word);
}

const ownFile = /\.(results|rejects(\.\d+)?|review)(-\d+)?\.[^.]+$/i;

function findFiles(pattern: string): readonly string[] {
  const folder = dirname(pattern);
  const takes = toRegExp(basename(pattern));
  const takesOwn = /results|rejects|review/i.test(pattern);
  const names = readNames(folder).filter((name) => takes.test(name) && (takesOwn || !ownFile.test(name)));
  if (names.length > 0) return names.sort().map((name) => (folder === '.' ? name : join(folder, name)));
  throw createInputError({
    code: 'FILE_NOT_FOUND',
    file: pattern,
    fact: 'no file has such a name.',
    nextStep: 'Check the pattern and the folder.',
  });
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !/^[.~]/.test(entry.name))
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function toRegExp(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[$()+.[\\\]^{|}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

function assertThere(file: string): void {
  if (file === '-' || existsSync(file)) return;
  const near = findSimilarFile(file);
  throw createInputError({
    code: 'FILE_NOT_FOUND',
    file,
    fact: 'there is no such file. Nothing was imported.',
    nextStep: near === undefined ? 'Check the name and the folder.' : `Did you mean "${near}"?`,
  });
}
