import type { Cell, Reason } from '#pipelines/row.js';

/** The members of one object, or what is wrong with the line. */
export type ParsedLine =
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Cell> }
  | { readonly kind: 'defect'; readonly reason: Reason };

/** Marks a number that was kept as text; a zero character cannot stand in a number. */
const numberMark = '\0#';

/** Numbers that a double may not give back as written: many digits, fractions, exponents. */
const fragileNumber = /\d{16}|\d[.eE]/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads one line of NDJSON; every value becomes the cell that a spreadsheet would hold. */
export function parseLine(text: string): ParsedLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return defect(notAnObject);
    const exact: unknown = fragileNumber.test(text) ? JSON.parse(withNumbersAsText(text)) : value;
    return { kind: 'object', members: new Map(Object.entries(exact as object).map(([key, v]) => [key, cellOf(v)])) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return defect(badJson(text));
  }
}

function withNumbersAsText(text: string): string {
  return text.replace(stringOrNumber, (token) => (token.startsWith('"') ? token : JSON.stringify(numberMark + token)));
}

function cellOf(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
      return value.startsWith(numberMark) ? numberCell(value.slice(numberMark.length)) : value;
    case 'number':
      return { kind: 'number', text: String(value), value };
    case 'boolean':
      return { kind: 'boolean', text: String(value), value };
    default:
      return value === null || value === undefined ? '' : jsonText(value);
  }
}

function numberCell(text: string): Cell {
  return { kind: 'number', text, value: Number(text) };
}

/** A nested value as JSON, its numbers as they were written. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/"\\u0000#([-+.\deE]+)"/g, '$1');
}

function defect(reason: Reason): ParsedLine {
  return { kind: 'defect', reason };
}

const notAnObject: Reason = {
  code: 'NOT_AN_OBJECT',
  message: 'The line is JSON, but no object. Each line must be one object with the columns as its keys.',
};

const maxShownCharacters = 80;

function badJson(text: string): Reason {
  return {
    code: 'BAD_JSON',
    message:
      'The line is no valid JSON. Each line must be one whole object, and hold no line break but an escaped one.',
    value: text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text,
  };
}
