import { dateFormatFault, readDateFormat } from '#pipelines/mapping/cell-types/date-format.js';
import { dateText } from '#pipelines/mapping/cell-types/date-text.js';
import { numberShape } from '#pipelines/mapping/cell-types/number-type.js';
import { decimalSigns, groupSigns, type NumberSigns } from '#pipelines/mapping/mapping.js';
import { trimText } from '#pipelines/mapping/trim-text.js';
import { type Applied, type Transform, transform } from './transform.js';

const decimal = { kind: 'choice', choices: decimalSigns, default: '.' } as const;
const group = { kind: 'choice', choices: ['', ...groupSigns], default: '' } as const;

/** Transforms that write dates and numbers of text fields in another form, sign by sign, so that nothing is rounded. */
export const formTransforms = {
  date: transform({
    about: 'Writes a date in another form.',
    options: {
      from: { kind: 'dateFormat', about: 'The form that the file has, e.g. DD/MM/YYYY.' },
      to: { kind: 'dateFormat', about: 'The form to write.', default: 'YYYY-MM-DD' },
    },
    fault: ({ from, to }) => {
      const missing = partsOf(from).find((part) => !partsOf(to).includes(part));
      if (missing === undefined || dateFormatFault(from) !== undefined) return undefined;
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
  number: transform({
    about: 'Writes a number with other signs; its digits stay.',
    options: {
      decimal: { ...decimal, about: 'The decimal sign that the file has.' },
      group: { ...group, about: 'The sign between groups of three digits that the file has.' },
      toDecimal: { ...decimal, about: 'The decimal sign to write.' },
      toGroup: { ...group, about: 'The sign to write between groups of three digits.' },
    },
    fault: (options) => {
      const clash = options.decimal === options.group ? options.decimal : undefined;
      const sign = clash ?? (options.toDecimal === options.toGroup ? options.toDecimal : undefined);
      return sign === undefined ? undefined : `"${sign}" cannot be the decimal sign and the one between groups`;
    },
    apply: (options) => rewriteNumber(signs(options.decimal, options.group), signs(options.toDecimal, options.toGroup)),
    inverse: (options) => {
      const back = rewriteNumber(signs(options.toDecimal, options.toGroup), signs(options.decimal, options.group));
      return (text) => {
        const written = back(text);
        return typeof written === 'string' ? written : text;
      };
    },
  }),
} as const satisfies Record<string, Transform>;

/** A date that the new form cannot state (a year of another century) is written as YYYY-MM-DD, and read so again. */
function rewriteDate(from: string, to: string): (text: string) => Applied {
  const [source, target, iso] = [dateText(from), dateText(to), dateText('YYYY-MM-DD')];
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

function partsOf(format: string): readonly string[] {
  const pieces = readDateFormat(format) ?? [];
  const parts: Readonly<Record<string, string>> = { HH: 'hour', mm: 'minute', ss: 'second' };
  return pieces.flatMap((piece) => ('token' in piece ? (parts[piece.token] ?? []) : []));
}

function signs(decimalSign: string, groupSign: string): NumberSigns {
  const grouping = groupSign === '' ? {} : { group: groupSign as NonNullable<NumberSigns['group']> };
  return { decimal: decimalSign as NumberSigns['decimal'], ...grouping };
}

function rewriteNumber(from: NumberSigns, to: NumberSigns): (text: string) => Applied {
  const shape = numberShape(from);
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
