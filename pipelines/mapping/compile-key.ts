import type { Cell } from '#pipelines/row.js';
import { stringType } from './cell-types/string-type.js';
import { type Gathered, gatherCells, isFailure } from './gather-cells.js';
import type { Failure } from './row-reason.js';
import { trimText } from './trim-text.js';

export type ReadKey = (cells: readonly Cell[]) => string | Failure;

const blankKey: Failure = { code: 'KEY_MISSING', says: 'is blank; every row needs a key' };
const blankPart: Failure = { code: 'KEY_MISSING', says: 'is not whole; every part of a key must be filled in' };

/**
 * Makes the function that reads a row's key: all its parts, trimmed, in one Unicode form (NFC), so that a key typed
 * on a Mac is the key typed on Windows.
 */
export function compileKey(positions: readonly number[], join: string, nullToken: string | undefined): ReadKey {
  const gathers = positions.map((position) => gatherCells({ positions: [position], join, nullToken }));
  const [only] = gathers;
  if (only !== undefined && gathers.length === 1) return (cells) => keyPart(only(cells)) ?? blankKey;
  return (cells) => {
    const parts: string[] = [];
    for (const gather of gathers) {
      const part = keyPart(gather(cells));
      if (part === undefined) return blankPart;
      if (isFailure(part)) return part;
      parts.push(part);
    }
    return parts.join(join);
  };
}

function keyPart(gathered: Gathered): string | Failure | undefined {
  if (gathered === undefined || gathered === null) return undefined;
  if (isFailure(gathered)) return gathered;
  const stated = typeof gathered === 'string' ? undefined : stringType.fromTyped(gathered);
  const text = composed(trimText(typeof gathered === 'string' ? gathered : gathered.text));
  const key = stated ?? stringType.fromText(text);
  return isFailure(key) ? key : text;
}

/** Signs from here on may stand for one letter together with their neighbours; a text without any is in NFC already. */
const firstCombining = 0x300;

function composed(text: string): string {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) >= firstCombining) return text.normalize('NFC');
  return text;
}
