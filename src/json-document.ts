import { propertyPath } from '#pipelines/shape.js';

/** Where and why a text stops being JSON; 1-based, as editors count. */
interface JsonComplaint {
  readonly line: number;
  readonly column: number;
  readonly fact: string;
}

/** Sticky, in the order in which they are tried. Strings and numbers as RFC 8259 has them. */
const tokens = [
  { kind: 'space', pattern: /[ \t\r\n]+/y },
  { kind: 'mark', pattern: /[{}[\],:]/y },
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a text.
  { kind: 'string', pattern: /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y },
  { kind: 'value', pattern: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b/y },
] as const;

interface Token {
  readonly kind: 'mark' | 'string' | 'value' | 'wrong' | 'end';
  readonly text: string;
  readonly at: number;
}

/**
 * Says what is wrong with a text that `JSON.parse` refused: Node's own message lacks the place in short texts and has
 * an offset, which no editor shows, in long ones.
 */
export function complainOfJson(text: string): JsonComplaint {
  const { token, expected } = firstMisfit(text);
  const before = text.slice(0, token.at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, fact: factOf(token, expected) };
}

function factOf(token: Token, expected: string): string {
  if (token.kind === 'end') return `the file ends where ${expected} should be`;
  if (token.text.startsWith('"') && token.kind === 'wrong') return 'a text that begins here has no good end';
  if (token.text === '/') return 'JSON has no comments';
  return `${token.text} stands where ${expected} should be`;
}

type State = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'after value';

/** Walks the grammar with a stack instead of recursion: a wrong file may be nested as deep as it likes. */
function firstMisfit(text: string): { readonly token: Token; readonly expected: string } {
  const open: ('{' | '[')[] = [];
  let state: State = 'value';
  for (let token = nextToken(text, 0); ; token = nextToken(text, token.at + token.text.length)) {
    const next = follow(state, token, open);
    if (next === undefined) return { token, expected: expectation(state, open) };
    state = next;
  }
}

function follow(state: State, token: Token, open: ('{' | '[')[]): State | undefined {
  const { kind, text } = token;
  const closing = (state === 'after value' && open.at(-1) === '{') || state === 'name or }' ? '}' : ']';
  const mayClose = state === 'name or }' || state === 'value or ]' || (state === 'after value' && open.length > 0);
  if (mayClose && text === closing) {
    open.pop();
    return 'after value';
  }
  if (state === 'name' || state === 'name or }') return kind === 'string' ? 'colon' : undefined;
  if (state === 'colon') return text === ':' ? 'value' : undefined;
  if (state === 'after value') {
    if (text !== ',' || open.length === 0) return undefined;
    return open.at(-1) === '{' ? 'name' : 'value';
  }
  if (kind === 'string' || kind === 'value') return 'after value';
  if (text !== '{' && text !== '[') return undefined;
  open.push(text);
  return text === '{' ? 'name or }' : 'value or ]';
}

function expectation(state: State, open: readonly ('{' | '[')[]): string {
  if (state === 'after value') return open.length === 0 ? 'its end' : `a comma or a ${open.at(-1) === '{' ? '}' : ']'}`;
  if (state === 'name' || state === 'name or }') return 'a name in double quotes';
  return state === 'colon' ? 'a colon' : 'a value';
}

function nextToken(text: string, from: number): Token {
  let at = from;
  for (;;) {
    if (at >= text.length) return { kind: 'end', text: '', at };
    const token = tokenAt(text, at);
    if (token.kind !== 'space') return { ...token, kind: token.kind };
    at += token.text.length;
  }
}

function tokenAt(text: string, at: number) {
  for (const { kind, pattern } of tokens) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { kind, text: found, at };
  }
  return { kind: 'wrong', text: /^[\w.'-]{1,30}/.exec(text.slice(at))?.[0] ?? text.charAt(at), at } as const;
}

/** Where something stands in a text; 1-based, as editors count. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Finds the place of a path such as `fields.phoneNumber.transform[0]`. */
export type FindPlace = (path: string) => TextPlace;

const tokensJsonPlaces = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

interface Container {
  readonly path: string;
  readonly isList: boolean;
  /** The next item of a list. */
  index: number;
  /** Where the value that comes next belongs. */
  next: string;
}

/**
 * Makes a finder of places in a text that `JSON.parse` took. A property is found by its name, an item of a list by its
 * value; what is missing, by what should hold it.
 */
export function jsonPlaces(text: string): FindPlace {
  const offsets = offsetsOf(text);
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (path) => {
    let nearest = path;
    while (!offsets.has(nearest) && nearest !== '') nearest = parentOf(nearest);
    return placeAt(offsets.get(nearest) ?? 0, lineStarts);
  };
}

function offsetsOf(text: string): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const open: Container[] = [];
  for (const { 0: token, index: at } of text.matchAll(tokensJsonPlaces)) {
    const inside = open.at(-1);
    if (token === '}' || token === ']') open.pop();
    else if (token === ',') continueIn(inside);
    else if (token !== ':') visitValue(token, at, inside);
  }
  return offsets;

  /** In an object, a text without a place of its own yet is a name. */
  function visitValue(token: string, at: number, inside: Container | undefined): void {
    if (inside !== undefined && !inside.isList && inside.next === '') {
      inside.next = propertyPath(inside.path, JSON.parse(token) as string);
      // Of a name that stands twice, JSON.parse takes the last.
      offsets.set(inside.next, at);
      return;
    }
    const path = inside?.next ?? '';
    if (inside === undefined || inside.isList) offsets.set(path, at);
    if (token === '{') open.push({ path, isList: false, index: 0, next: '' });
    if (token === '[') open.push({ path, isList: true, index: 0, next: `${path}[0]` });
  }

  function continueIn(inside: Container | undefined): void {
    if (inside === undefined) return;
    inside.index += 1;
    inside.next = inside.isList ? `${inside.path}[${inside.index}]` : '';
  }
}

/** `fields["a.b"].lookup["x]y"]` ends in a property in quotes, a position, or a name. */
function parentOf(path: string): string {
  const quoted = /\["(?:[^"\\]|\\.)*"\]$/.exec(path) ?? /\[\d+\]$/.exec(path) ?? /\.?[^.[\]]+$/.exec(path);
  return quoted === null ? '' : path.slice(0, quoted.index);
}

function placeAt(offset: number, lineStarts: readonly number[]): TextPlace {
  const line = lineStarts.findLastIndex((start) => start <= offset);
  return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 };
}
