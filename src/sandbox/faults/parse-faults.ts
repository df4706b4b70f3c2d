import { callKinds } from '#src/sandbox/api/call.js';
import { checkFault, faultError, faultNames } from './check-fault.js';
import type { Fault, FaultName } from './fault.js';
import { nearestName } from './nearest-name.js';

/** What each `key=value` sets. A wrong number becomes NaN here and is refused by the check. */
const settings = {
  every: (value) => ({ when: { every: integer(value) } }),
  nth: (value) => ({ when: { nth: value.split(',').map(integer) } }),
  first: (value) => ({ when: { first: integer(value) } }),
  ms: (value) => ({ ms: integer(value) }),
  'retry-after': (value) => ({ retryAfterSeconds: integer(value) }),
  'retry-after-date': (value) => ({ retryAfterSeconds: integer(value), retryAfterAs: 'date' }),
  page: (value) => ({ page: integer(value) }),
  insert: (value) => ({ insert: integer(value) }),
  delete: (value) => ({ delete: integer(value) }),
  edit: (value) => ({ edit: integer(value) }),
} as const satisfies Record<string, (value: string) => Partial<Fault>>;

const kindWords: readonly string[] = ['any', ...callKinds];
const knownParts = [...kindWords, ...Object.keys(settings).map((key) => `${key}=`), '10%'];

/**
 * Reads faults as a command line has them: `name:kind:setting…`, e.g. `429:any:every=7:retry-after=2`.
 *
 * @throws {UsageError} names the nearest right word and an example
 */
export function parseFaults(texts: readonly string[]): Fault[] {
  return texts.map(parseFault);
}

function parseFault(text: string): Fault {
  const [name = '', ...parts] = text.split(':').map((part) => part.trim());
  if (!isFaultName(name))
    throw faultError(text, `there is no fault '${name}'. Did you mean '${nearestName(name, faultNames)}'?`);
  let fault: Fault = { name };
  for (const part of parts) {
    const found = parsePart(part);
    if (found === undefined)
      throw faultError(text, `'${part}' is not understood. Did you mean '${nearestName(part, knownParts)}'?`);
    for (const setting of Object.keys(found))
      if (setting in fault) throw faultError(text, `'${part}' says again what an earlier part said.`);
    fault = { ...fault, ...found };
  }
  return checkFault(fault, text);
}

function parsePart(part: string): Partial<Fault> | undefined {
  if (kindWords.includes(part)) return { on: part as NonNullable<Fault['on']> };
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(part)?.[1];
  if (percent !== undefined) return { when: { percent: Number(percent) } };
  const [key = '', value] = part.split('=');
  return value !== undefined && key in settings ? settings[key as keyof typeof settings](value) : undefined;
}

function isFaultName(name: string): name is FaultName {
  return (faultNames as readonly string[]).includes(name);
}

function integer(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
