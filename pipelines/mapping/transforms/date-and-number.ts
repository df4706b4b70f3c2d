import { decimalSigns, groupSigns, type NumberSigns } from '#pipelines/mapping/mapping.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { createDateFormatter, findDateFormatFault, parseDateFormat } from '#pipelines/mapping/types/date.js';
import { buildNumberPattern } from '#pipelines/mapping/types/number.js';
import { defineTransform, type Transform, type TransformResult } from './transform.js';

const decimal = { kind: 'choice', choices: decimalSigns, default: '.' } as const;
const group = { kind: 'choice', choices: ['', ...groupSigns], default: '' } as const;

/** Transforms that write dates and numbers of text fields in another form, sign by sign, so that nothing is rounded. */
export const dateAndNumberTransforms = {
  date: defineTransform({
    description: 'Writes a date in another form.',
    options: {
      from: { kind: 'dateFormat', description: 'The form that the file has, e.g. DD/MM/YYYY.' },
      to: { kind: 'dateFormat', description: 'The form to write.', default: 'YYYY-MM-DD' },
    },
    findFault: ({ from, to }) => {
      const missing = listTimeParts(from).find((part) => !listTimeParts(to).includes(part));
      if (missing === undefined || findDateFormatFault(from) !== undefined) return undefined;
      return `The form "${to}" leaves out the ${missing} that "${from}" has; add it, or cut it off with "split" before`;
    },
    apply: ({ from, to }) => rewriteDate(from, to),
    inverse: ({ from, to }) => {
      const back = rewriteDate(to, from);
      return (text) => {
        const written = back(text);
        return typeof written === 'string' ? written : text;
      };
    },
  }),
  number: defineTransform({
    description: 'Writes a number with other signs; its digits stay.',
    options: {
      decimal: { ...decimal, description: 'The decimal sign that the file has.' },
      group: { ...group, description: 'The sign between groups of three digits that the file has.' },
      toDecimal: { ...decimal, description: 'The decimal sign to write.' },
      toGroup: { ...group, description: 'The sign to write between groups of three digits.' },
    },
    findFault: (options) => {
      const clash = options.decimal === options.group ? options.decimal : undefined;
      const sign = clash ?? (options.toDecimal === options.toGroup ? options.toDecimal : undefined);
      return sign === undefined ? undefined : `"${sign}" cannot be the decimal sign and the one between groups`;
    },
    apply: (options) =>
      rewriteNumber(
        buildNumberSigns(options.decimal, options.group),
        buildNumberSigns(options.toDecimal, options.toGroup),
      ),
    inverse: (options) => {
      const back = rewriteNumber(
        buildNumberSigns(options.toDecimal, options.toGroup),
        buildNumberSigns(options.decimal, options.group),
      );
      return (text) => {
        const written = back(text);
        return typeof written === 'string' ? written : text;
      };
    },
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

function buildNumberSigns(decimalSign: string, groupSign: string): NumberSigns {
  const grouping = groupSign === '' ? {} : { group: groupSign as NonNullable<NumberSigns['group']> };
  return { decimal: decimalSign as NumberSigns['decimal'], ...grouping };
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
