import { createRequire } from 'node:module';
import type * as jsonParser from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';

const require = createRequire(import.meta.url);

/** Loaded with the first file that is parsed: `--help` needs no parser. */
function loadParser(): typeof jsonParser {
  return require('jsonc-parser') as typeof jsonParser;
}

/** A place in a text, counted from 1 as editors do. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong with the text of a JSON file. */
export interface JsonError extends TextPosition {
  /** What is wrong, in half a sentence. */
  readonly fact: string;
}

/** A JSON file that people write: comments and trailing commas are allowed. */
export interface JsonDocument {
  /** `undefined` when there are errors. */
  readonly value: unknown;
  /** In the order of the text; empty when the file can be used. */
  readonly errors: readonly JsonError[];
  /** Finds the place of a path such as `fields.city.transform[0]`; of what is missing, the place of what should hold it. */
  locate(path: string): TextPosition;
}

/** Parses a JSON file that people write, and finds places in it. Never throws. */
export function parseJsonDocument(text: string): JsonDocument {
  const locateOffset = createPositionFinder(text);
  const parseErrors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = loadParser().parseTree(text, parseErrors, { allowTrailingComma: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      value: undefined,
      errors: [{ ...locateOffset(0), fact: 'it is nested too deeply' }],
      locate: () => locateOffset(0),
    };
  }
  const errors =
    parseErrors.length > 0
      ? parseErrors.map((error) => ({ ...locateOffset(error.offset), fact: describeError(error, text) }))
      : findRepeatedNames(root).map(({ offset, value }) => ({
          ...locateOffset(offset),
          fact: `${JSON.stringify(value)} is given twice`,
        }));
  return {
    value: errors.length > 0 || root === undefined ? undefined : readValue(root),
    errors,
    locate: (path) => locateOffset(findOffset(root, path)),
  };
}

/** What can be read of a JSON text that has errors. Never throws for what is in the text. */
export function parseDamagedJson(text: string): unknown {
  try {
    return loadParser().parse(text, [], { allowTrailingComma: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

/**
 * Sets a property in the text of a JSON file and keeps everything else in it, also comments.
 *
 * @param names - of the objects that lead to the property, and its own
 */
export function editJsonText(text: string, names: readonly string[], value: unknown): string {
  const { applyEdits, modify } = loadParser();
  return applyEdits(text, modify(text, [...names], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }));
}

function readValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(readValue);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(
    (node.children ?? []).map(({ children: [name, value] = [] }) => [
      name?.value,
      value === undefined ? undefined : readValue(value),
    ]),
  );
}

/** Names that an object has twice: JSON would silently drop the first. */
function findRepeatedNames(node: Node | undefined): readonly Node[] {
  const children = node?.children ?? [];
  const names = node?.type === 'object' ? children.flatMap((property) => property.children?.[0] ?? []) : [];
  const seen = new Set<unknown>();
  const repeated = names.filter(({ value }) => seen.size === seen.add(value).size);
  return [...repeated, ...children.flatMap(findRepeatedNames)];
}

function findOffset(root: Node | undefined, path: string): number {
  if (root === undefined) return 0;
  const { findNodeAtLocation } = loadParser();
  const segments = splitPath(path);
  for (let length = segments.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, segments.slice(0, length));
    // A property is found by its name, an item of a list by its value.
    if (node !== undefined) return node.parent?.type === 'property' ? node.parent.offset : node.offset;
  }
  return root.offset;
}

/** `fields["a.b"].transform[1]` is a name, a name in quotes, a name, and a position. */
function splitPath(path: string): (string | number)[] {
  return [...path.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, position, name = '']) => {
    if (quoted !== undefined) return JSON.parse(quoted) as string;
    return position === undefined ? name : Number(position);
  });
}

function createPositionFinder(text: string): (offset: number) => TextPosition {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 };
  };
}

const expectations: Readonly<Record<string, string>> = {
  PropertyNameExpected: 'a name in double quotes',
  ValueExpected: 'a value',
  ColonExpected: 'a colon',
  CommaExpected: 'a comma',
  CloseBraceExpected: 'a comma or a closing }',
  CloseBracketExpected: 'a comma or a closing ]',
  EndOfFileExpected: 'the end of the file',
};

const facts: Readonly<Record<string, string>> = {
  InvalidCommentToken: 'a comment is malformed',
  UnexpectedEndOfComment: 'a comment that begins here is not closed',
  UnexpectedEndOfString: 'a text that begins here is not closed',
  UnexpectedEndOfNumber: 'a number is not complete',
  InvalidNumberFormat: 'a number is malformed',
  InvalidUnicode: 'a \\u in a string needs four hexadecimal digits',
  InvalidEscapeCharacter: 'a text has an invalid backslash; write \\\\ for a backslash',
  InvalidCharacter: 'a text contains a line break, a tab or another control character',
};

function describeError({ error, offset, length }: ParseError, text: string): string {
  const found = text.slice(offset, offset + length).trim();
  const name = loadParser().printParseErrorCode(error);
  const expected = expectations[name];
  if (expected === undefined)
    return facts[name] ?? `${shorten(found)} is not JSON; names and strings need double quotes`;
  return found === '' ? `the file ends where ${expected} is expected` : `expected ${expected}, found ${shorten(found)}`;
}

function shorten(token: string): string {
  return token.length > 30 ? `${token.slice(0, 30)}…` : token;
}
