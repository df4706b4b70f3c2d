import { readFileSync, statSync } from 'node:fs';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { writeAtomically } from '#src/files/atomic-file.js';
import { editJsonText, parseJsonDocument } from '#src/json-document.js';

/** What was set. */
export interface MatchSet {
  readonly mapping: string;
  /** Lists of fields, tried in turn. */
  readonly match: readonly (readonly string[])[];
  /** Whether the mapping had them all before. */
  readonly isUnchanged: boolean;
}

/**
 * Lets rows find their customers by fields: adds lists of them to the "match" of a mapping file, and keeps the rest of the
 * file as it is, comments included.
 *
 * @param lists - the fields of one list joined by `+`
 * @throws UsageError
 */
export async function setMatch(settings: Settings, lists: readonly string[]): Promise<MatchSet> {
  const { path, mapping } = readMappingFile(settings.mapping.value);
  const wanted = lists.map((list) => list.split('+').map((field) => field.trim()));
  const before = mapping.match;
  const known = new Set(before.map(toText));
  const added = wanted.filter((list) => !known.has(toText(list)));
  const match = [...before, ...added];
  if (added.length === 0) return { mapping: path, match, isUnchanged: true };
  const text = editJsonText(readFileSync(path, 'utf8'), ['match'], match.length === 1 ? match[0] : match);
  const parsed = parseMapping(parseJsonDocument(text).value);
  // Of the other parts, lookups in files are not read here.
  const problem = parsed.ok ? undefined : parsed.problems.find(({ path: where }) => /^match\b/.test(where));
  if (problem !== undefined)
    throw new UsageError(`Customers cannot be matched by ${lists.join(', ')}: ${problem.message}.`, {
      code: problem.code,
      nextStep: 'For example: mypos-customers mapping match emailAddress phoneNumber+customerName',
    });
  await writeAtomically(path, text, { mode: statSync(path).mode & 0o777 });
  return { mapping: path, match, isUnchanged: false };
}

function toText(list: readonly string[]): string {
  return list.toSorted().join('+');
}
