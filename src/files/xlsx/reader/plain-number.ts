/** Excel computes and shows 15 significant digits; a double has up to 17. */
const significantDigits = 15;
/** From here on, whole numbers are written with an exponent: nobody reads them as an identifier. */
const exponentFrom = 1e21;
const smallestPlain = 1e-12;

/**
 * The text of a number in the format General: up to 15 significant digits, and no exponent where a person would
 * read digits. Whole numbers with more digits keep what the file stored, so that the damage can be seen.
 */
export function generalText(value: number, stored: string): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= exponentFrom || size < smallestPlain) return excelExponent(value);
  if (Number.isInteger(value)) return size < 1e15 ? String(value) : expand(stored);
  const shortest = String(value);
  const digits = shortest.length <= significantDigits ? shortest : String(Number(value.toPrecision(significantDigits)));
  return digits.includes('e') ? expand(digits) : digits;
}

/** The text of a number in a format of digits only, such as `0`, `00000`, `0.00`; halves round away from zero. */
export function digitsText(value: number, stored: string, integerDigits: number, decimals: number): string {
  if (Math.abs(value) >= 1e15) return generalText(value, stored);
  const [whole = '', fraction = ''] = expand(Math.abs(value).toPrecision(significantDigits)).split('.');
  const kept = whole + fraction.slice(0, decimals).padEnd(decimals, '0');
  const rounded = (fraction.charCodeAt(decimals) >= 0x35 ? String(BigInt(kept) + 1n) : kept).replace(/^0+/, '');
  const padded = rounded.padStart(integerDigits + decimals, '0');
  const split = padded.length - decimals;
  const sign = value < 0 && rounded !== '' ? '-' : '';
  return sign + padded.slice(0, split) + (decimals > 0 ? `.${padded.slice(split)}` : '');
}

/** Writes `1.5e-7` or `1.2E+19` out in full, without rounding. */
function expand(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = (whole + fraction).padEnd(point, '0');
  const left = point > 0 ? digits.slice(0, point) : '';
  const right = (point > 0 ? digits.slice(point) : digits.padStart(digits.length - point, '0')).replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${left.replace(/^0+(?=\d)/, '') || '0'}${right === '' ? '' : `.${right}`}`;
}

/** `1E+21`, `1.5E-13`: at least two digits of exponent. */
function excelExponent(value: number): string {
  const [mantissa = '', exponent = ''] = Number(value.toPrecision(significantDigits)).toExponential().split('e');
  return `${mantissa}E${exponent[0] ?? '+'}${exponent.slice(1).padStart(2, '0')}`;
}
