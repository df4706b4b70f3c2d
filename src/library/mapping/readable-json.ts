const widest = 120;

/** JSON as people write it: what fits on a line stays on one, below the first level. */
export function readableJson(value: unknown): string {
  return `${written(value, 0, 0)}\n`;
}

function written(value: unknown, depth: number, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return `${open}${close}`;
  const named = (name: string, text: string) => (isList ? text : `${JSON.stringify(name)}: ${text}`);
  const inline = entries.map(([name, item]) => named(name, written(item, depth + 1, 0))).join(', ');
  const line = isList ? `[${inline}]` : `{ ${inline} }`;
  if (depth > 0 && !inline.includes('\n') && used + depth * 2 + line.length < widest && !isFields(value, depth))
    return line;
  const indent = '  '.repeat(depth + 1);
  const lines = entries.map(([name, item]) => `${indent}${named(name, written(item, depth + 1, name.length + 4))}`);
  return `${open}\n${lines.join(',\n')}\n${'  '.repeat(depth)}${close}`;
}

/** The fields of a mapping are read line by line, however few they are. */
function isFields(value: object, depth: number): boolean {
  return depth === 1 && !Array.isArray(value) && Object.keys(value).length > 2;
}
