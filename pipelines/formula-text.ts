/** What makes a spreadsheet program look at the text behind it: signs that begin a formula, and what some skip over. */
const live = /^'*(?:[\t\r\n\0]|\s*[=+\-@＝＋－＠])/;

/**
 * Texts that begin like a formula and cannot be one that does harm: a number, a telephone number, and the dashes that
 * people put where nothing is.
 */
const harmless = /^(?:-?\d[\d.,]*|\+\d[\d ()./-]*|[-+]+)$/;

/**
 * A text that no spreadsheet program takes for a formula when it opens a CSV file: an apostrophe goes before one that
 * would be. Texts that look as if they had such an apostrophe already get one more, so that each way back is clear.
 */
export function escapeFormula(text: string): string {
  return isEscaped(text) ? `'${text}` : text;
}

/** Takes off what {@link escapeFormula} has put before a text, and nothing else. */
export function unescapeFormula(text: string): string {
  return text.charCodeAt(0) === apostrophe && isEscaped(text.slice(1)) ? text.slice(1) : text;
}

const apostrophe = 0x27;

function isEscaped(text: string): boolean {
  return live.test(text) && !harmless.test(text);
}
