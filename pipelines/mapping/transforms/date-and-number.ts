import { trimText } from '#pipelines/mapping/normalise-name.js';
import { createDateFormatter, dateFormat, parseDateFormat } from '#pipelines/mapping/types/date.js';
import { buildNumberPattern, decimalSigns, groupSigns, type NumberSigns } from '#pipelines/mapping/types/number.js';
import { choice, required, withDefault } from '#pipelines/shape.js';
import { defineTransform, type Transform, type TransformResult } from './transform.js';

const decimalSign = choice(decimalSigns);
const groupSign = choice(['', ...groupSigns]);

/** Transforms that rewrite dates and numbers of text fields character by character, so that nothing is rounded. */
export const dateAndNumberTransforms = {
  date: defineTransform({
    description: 'Converts a date to another format.',
    options: {
      from: required(dateFormat(), 'The format in the file, e.g. DD/MM/YYYY.'),
      to: withDefault(dateFormat(), 'YYYY-MM-DD', 'The format to write.'),
    },
    findFault: ({ from, to }) => {
      const missing = listTimeParts(from).find((part) => !listTimeParts(to).includes(part));
      if (missing === undefined) return undefined;
      return `The format "${to}" leaves out the ${missing} that "${from}" has; add it, or remove it beforehand with "split"`;
    },
    apply: ({ from, to }) => rewriteDate(from, to),
    inverse: ({ from, to }) => orUnchanged(rewriteDate(to, from)),
  }),
  number: defineTransform({
    description: 'Changes the decimal and group signs of a number; its digits stay.',
    options: {
      decimal: withDefault(decimalSign, '.', 'The decimal sign in the file.'),
      group: withDefault(groupSign, '', 'The sign between groups of three digits in the file.'),
      toDecimal: withDefault(decimalSign, '.', 'The decimal sign to write.'),
      toGroup: withDefault(groupSign, '', 'The sign to write between groups of three digits.'),
    },
    findFault: (options) => {
      const clash = options.decimal === options.group ? options.decimal : undefined;
      const sign = clash ?? (options.toDecimal === options.toGroup ? options.toDecimal : undefined);
      return sign === undefined ? undefined : `"${sign}" cannot be both the decimal sign and the group sign`;
    },
    apply: (options) =>
      rewriteNumber(toSigns(options.decimal, options.group), toSigns(options.toDecimal, options.toGroup)),
    inverse: (options) =>
      orUnchanged(rewriteNumber(toSigns(options.toDecimal, options.toGroup), toSigns(options.decimal, options.group))),
  }),
} as const satisfies Record<string, Transform>;

/** A date that the new form cannot state (a year of another century) is written as YYYY-MM-DD, and read so again. */
function rewriteDate(from: string, to: string): (text: string) => TransformResult {
  const [source, target, iso] = [createDateFormatter(from), createDateFormatter(to), createDateFormatter('YYYY-MM-DD')];
  return (text) => {
    const trimmed = trimText(text);
    if (trimmed === '') return '';
    const read = source.read(trimmed) ?? iso.read(trimmed);
    if (read === undefined) return { code: 'NOT_A_DATE', says: `is not a date as declared; expected "${from}"` };
    if (read === 'impossible')
      return { code: 'IMPOSSIBLE_DATE', says: `is a date that does not exist; expected "${from}"` };
    return target.write(read.date);
  };
}

function listTimeParts(format: string): readonly string[] {
  const pieces = parseDateFormat(format) ?? [];
  const parts: Readonly<Record<string, string>> = { HH: 'hour', mm: 'minute', ss: 'second' };
  return pieces.flatMap((piece) => ('token' in piece ? (parts[piece.token] ?? []) : []));
}

function toSigns(decimal: NumberSigns['decimal'], group: NumberSigns['group'] | ''): NumberSigns {
  return group === '' || group === undefined ? { decimal } : { decimal, group };
}

/** An inverse has no way to fail: what cannot be rewritten stays. */
function orUnchanged(rewrite: (text: string) => TransformResult): (text: string) => string {
  return (text) => {
    const written = rewrite(text);
    return typeof written === 'string' ? written : text;
  };
}

function rewriteNumber(from: NumberSigns, to: NumberSigns): (text: string) => TransformResult {
  const shape = buildNumberPattern(from);
  return (text) => {
    const trimmed = trimText(text);
    if (trimmed === '') return '';
    const match = shape.exec(trimmed);
    if (match === null)
      return { code: 'NOT_A_NUMBER', says: `is not a number with "${from.decimal}" as decimal sign; correct it` };
    const [, minus = '', grouped = '', fraction] = match;
    const whole = grouped.replaceAll(/\D/g, '');
    const written = to.group === undefined ? whole : whole.replaceAll(/\B(?=(?:\d{3})+$)/g, to.group);
    return `${minus}${written}${fraction === undefined ? '' : `${to.decimal}${fraction}`}`;
  };
}
