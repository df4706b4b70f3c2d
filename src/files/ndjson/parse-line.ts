import type { Issue } from '#pipelines/issue.js';
import type { Cell } from '#pipelines/model.js';

/** The members of one object, or what is wrong with the line. */
export type ParsedLine =
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Cell> }
  | { readonly kind: 'invalid'; readonly reason: Issue };

/** Marks a number that was kept as text; a zero character cannot stand in a number. */
const numberMark = '\0#';

/** Numbers that a double may not give back as written: many digits, fractions, exponents. */
const inexactNumber = /\d{16}|\d[.eE]/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads one line of NDJSON; every value becomes the cell that a spreadsheet would hold. */
export function parseLine(text: string, unit: 'line' | 'element' = 'line'): ParsedLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return createInvalidLine(createNotAnObjectReason(unit));
    const exact: unknown = inexactNumber.test(text) ? JSON.parse(withNumbersAsText(text)) : value;
    return { kind: 'object', members: new Map(Object.entries(exact as object).map(([key, v]) => [key, toCell(v)])) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return createInvalidLine(createBadJsonReason(text, unit));
  }
}

function withNumbersAsText(text: string): string {
  return text.replace(stringOrNumber, (token) => (token.startsWith('"') ? token : JSON.stringify(numberMark + token)));
}

function toCell(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
      return value.startsWith(numberMark) ? createNumberCell(value.slice(numberMark.length)) : value;
    case 'number':
      return { kind: 'number', text: String(value), value };
    case 'boolean':
      return { kind: 'boolean', text: String(value), value };
    default:
      return value === null || value === undefined ? '' : jsonText(value);
  }
}

/** More digits than a number of JavaScript, or of a spreadsheet, can hold. */
const tooManyDigits = /^-?\d{16,}$/;

function createNumberCell(text: string): Cell {
  // All of its digits are there: it is an identifier, and none that was shortened.
  if (tooManyDigits.test(text)) return text;
  return { kind: 'number', text, value: Number(text) };
}

/** A nested value as JSON, its numbers as they were written. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/"\\u0000#([-+.\deE]+)"/g, '$1');
}

function createInvalidLine(reason: Issue): ParsedLine {
  return { kind: 'invalid', reason };
}

function createNotAnObjectReason(unit: 'line' | 'element'): Issue {
  return {
    severity: 'error',
    code: 'NOT_AN_OBJECT',
    message: `The ${unit} is JSON, but not an object. Each ${unit} must be one object with the columns as its keys.`,
  };
}

const maxShownCharacters = 80;

function createBadJsonReason(text: string, unit: 'line' | 'element'): Issue {
  return {
    severity: 'error',
    code: 'BAD_JSON',
    message: `The ${unit} is not valid JSON. Each ${unit} must be one complete object, without unescaped line breaks.`,
    value: text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text,
  };
}
