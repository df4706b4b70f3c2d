import { createRequire } from 'node:module';
import type * as losslessJson from 'lossless-json';

const require = createRequire(import.meta.url);

/** Loaded with the first number that needs it, which few accounts have. */
function loadParser(): typeof losslessJson {
  return require('lossless-json') as typeof losslessJson;
}

/**
 * A number of a JSON text that JavaScript cannot hold as it is written. Whoever does not ask for its digits sees the
 * nearest number that JavaScript has.
 */
export class ExactNumber {
  constructor(
    /** As it is written in the text. */
    readonly text: string,
  ) {}

  toString(): string {
    return this.text;
  }

  /** For JSON that is only compared: the nearest number. */
  toJSON(): number {
    return Number(this.text);
  }
}

/** Where a number may be that has more than 15 digits, or that is too large or too small. */
const mayBeInexact = /[:[,]\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

/**
 * Parses JSON and keeps every digit: numbers that JavaScript cannot hold come as {@link ExactNumber}.
 *
 * @throws SyntaxError, RangeError when it is nested too deeply
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!mayBeInexact.test(text)) return value;
  const { isSafeNumber, parse } = loadParser();
  return parse(text, undefined, {
    parseNumber: (digits) => (isSafeNumber(digits) ? Number(digits) : new ExactNumber(digits)),
    // As JSON.parse does.
    onDuplicateKey: ({ newValue }) => newValue,
  });
}

/** Writes a value as JSON, with the digits that {@link parseExactJson} has read. */
export function stringifyExactJson(value: unknown): string {
  if (!holdsExactNumber(value)) return JSON.stringify(value);
  return loadParser().stringify(value, undefined, undefined, [{ test: isExactNumber, stringify: String }]) ?? 'null';
}

function isExactNumber(value: unknown): value is ExactNumber {
  return value instanceof ExactNumber;
}

function holdsExactNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isExactNumber(value) || Object.values(value).some(holdsExactNumber);
}
