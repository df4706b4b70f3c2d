import { propertyPath } from '#pipelines/mapping/json-path.js';

/** Where something stands in a text; 1-based, as editors count. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Finds the place of a path such as `fields.phoneNumber.transform[0]`. */
export type FindPlace = (path: string) => TextPlace;

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

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
  for (const { 0: token, index: at } of text.matchAll(tokens)) {
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
