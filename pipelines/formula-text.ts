/** What makes a spreadsheet program look at the text behind it: signs that begin a formula, and what some skip over. */
const live = /^'*(?:[\t\r\n\0]|\s*[=+\-@＝＋－＠])/;

/**
 * Texts that begin like a formula and cannot be one that does harm: a number, a telephone number, and the dashes that
 * people put where nothing is.
 */
const harmless = /^(?:-?\d[\d.,]*|\+\d[\d ()./-]*|[-+]+)$/;

/**
 * Where a program that takes another sign for the separator of columns ends a cell, quotation marks or not: in `a;=1`, half of
 * Europe opens a formula. A line break ends a cell too, once the quotation marks around it are in the middle of one.
 */
const separators = /([;,\t\r\n])/;
const liveWithin = /[;,\t\r\n]'*[^\S\t\r\n]*[=+\-@＝＋－＠]/;
const livePart = /^'*[^\S\t\r\n]*[=+\-@＝＋－＠]/;

/**
 * A text that no spreadsheet program takes for a formula when it opens a CSV file: an apostrophe goes before one that
 * would be, also within a text, behind what separates columns in another country. Texts that look as if they had such an
 * apostrophe already get one more, so that each way back is clear.
 */
export function escapeFormula(text: string): string {
  const within = liveWithin.test(text) ? changeParts(text, (part) => (isLivePart(part) ? `'${part}` : part)) : text;
  return isEscaped(text) ? `'${within}` : within;
}

/** Takes off what {@link escapeFormula} has put into a text, and nothing else. */
export function unescapeFormula(text: string): string {
  const within = liveWithin.test(text)
    ? changeParts(text, (part) => (part.startsWith("'") && isLivePart(part.slice(1)) ? part.slice(1) : part))
    : text;
  return within.charCodeAt(0) === apostrophe && isEscaped(within.slice(1)) ? within.slice(1) : within;
}

/** Changes what comes behind each separator. */
function changeParts(text: string, change: (part: string) => string): string {
  const parts = text.split(separators);
  return parts.map((part, at) => (at === 0 || at % 2 === 1 ? part : change(part))).join('');
}

function isLivePart(part: string): boolean {
  return livePart.test(part) && !harmless.test(part.trim());
}

const apostrophe = 0x27;

function isEscaped(text: string): boolean {
  return live.test(text) && !harmless.test(text);
}
