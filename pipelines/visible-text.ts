/**
 * Characters that a terminal obeys instead of showing them, or that change the order or the lines in which it shows others:
 * the control characters of both sets, and those of Unicode for lines, paragraphs and directions.
 */
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A foreign text for people, in one line: what a terminal would obey is shown as an escape. */
export function showLine(text: string): string {
  return text.replaceAll(obeyed, escapeCharacter);
}

/** As {@link showLine}, and keeps line feeds: for text that is ours with foreign names in it. */
export function showLines(text: string): string {
  return text.replaceAll(obeyed, (character) => (character === '\n' ? '\n' : escapeCharacter(character)));
}

/** The same for JSON, which stays the same document: it escapes only some of them by itself. */
export function showJson(json: string): string {
  return json.replaceAll(obeyed, (character) => (/[\n\t]/.test(character) ? character : escapeUnicode(character)));
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  // What JSON leaves as it is must stay JSON.
  return character < ' ' ? `\\x${toHex(character, 2)}` : escapeUnicode(character);
}

function escapeUnicode(character: string): string {
  return `\\u${toHex(character, 4)}`;
}

function toHex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
