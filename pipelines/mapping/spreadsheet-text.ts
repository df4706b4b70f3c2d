import { countLeadingDigits, isDigitAt } from './types/number.js';

/** Excel writes a sign and two digits; `1E5` may be a product code. */
const scientific = /^[+-]?\d(?:[.,]\d+)?E[+-]\d{2,3}$/i;

/** Whether a spreadsheet program wrote a long number in scientific notation: most of its digits are lost. */
export function isScientific(text: string): boolean {
  return (isSignAt(text, text.length - 3) || isSignAt(text, text.length - 4)) && scientific.test(text);
}

function isSignAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x2b || code === 0x2d;
}

/** Excel keeps 15 digits of a number and replaces the others with zeros. */
const maxDigitsKept = 15;
const digitsReplaced = /^[+-]?\d{15}0+$/;

/** Whether all digits after the 15th are zeros, as in a number that a spreadsheet program has rounded. */
export function isRounded(text: string): boolean {
  return text.length > maxDigitsKept && digitsReplaced.test(text);
}

/** What spreadsheet programs show for a failed formula, in English, German, Spanish, French and Russian. */
const errorValue =
  /^#(?:N\/A|N\/D|NV|REF!|VALUE!|DIV\/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BUSY!|BLOCKED!|CONNECT!|UNKNOWN!|GETTING_DATA|BEZUG!|WERT!|ZAHL!|¡REF!|¡VALOR!|¡DIV\/0!|¡NUM!|¿NOMBRE\?|VALEUR!|NOM\s?\?|NOMBRE!|Н\/Д|ССЫЛКА!|ЗНАЧ!|ДЕЛ\/0!|ИМЯ\?|ЧИСЛО!|ПУСТО!)$/i;
const tooNarrow = /^#{3,}$/;

/** Whether a text is what a spreadsheet program shows for a failed formula. */
export function isErrorValue(text: string): boolean {
  return errorValue.test(text);
}

/** Whether a text is what a spreadsheet program shows in a column that is too narrow for the value. */
export function isTooNarrow(text: string): boolean {
  return tooNarrow.test(text);
}

const month = '(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*';
const dateLike = new RegExp(
  `^(?:\\d{4}-\\d{2}-\\d{2}.*|\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4}|\\d{1,2}[- ]${month}(?:[- ]\\d{2,4})?|${month}[- ]\\d{2,4})$`,
  'i',
);

const [space, dash, dot, slash] = [0x20, 0x2d, 0x2e, 0x2f];

/** Whether a text is a date as spreadsheet programs write it, such as `12-Mar`. */
export function isSpreadsheetDate(text: string): boolean {
  return mayBeDate(text) && dateLike.test(text);
}

/** The character after the first digits rules out most numbers, above all phone numbers and post codes. */
function mayBeDate(text: string): boolean {
  const digits = countLeadingDigits(text, 5);
  const behind = text.charCodeAt(digits);
  if (digits === 4) return behind === dash;
  if (digits > 2) return false;
  const isBeforeMonth = (behind === dash || behind === space) && !isDigitAt(text, digits + 1);
  return digits === 0 || behind === slash || behind === dot || isBeforeMonth;
}
