import { usualWords } from '#pipelines/mapping/cell-types/boolean-type.js';
import { dateFormatFault, dateFormatsConflict } from '#pipelines/mapping/cell-types/date-format.js';
import { decimalSigns, groupSigns, type TypeName, type TypeRule } from '#pipelines/mapping/mapping.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import type { Place } from './place.js';

interface TypeOptions {
  readonly options: readonly string[];
  readonly read: (rule: Place) => TypeRule | undefined;
}

const numberOptions = ['decimal', 'group'] as const;

/** The options that each type has, and how they are read. */
const readers = {
  string: { options: [], read: () => ({ name: 'string' }) },
  number: { options: numberOptions, read: (rule) => readNumber(rule, 'number') },
  integer: { options: numberOptions, read: (rule) => readNumber(rule, 'integer') },
  boolean: { options: ['true', 'false'], read: readBoolean },
  date: { options: ['format', 'formats'], read: readDate },
} as const satisfies Record<TypeName, TypeOptions>;

/** Reads the options of a type, and reports those that belong to another one. */
export function parseTypeOptions(rule: Place, name: TypeName): TypeRule | undefined {
  for (const [other, { options }] of Object.entries(readers)) {
    const foreign = options.filter((option) => !(readers[name].options as readonly string[]).includes(option));
    for (const option of foreign.filter((candidate) => rule.has(candidate) && other !== 'integer'))
      rule
        .at(option)
        .problem('OPTION_UNUSED', `"${option}" belongs to "type": "${other}"; add that type, or leave it out`);
  }
  return readers[name].read(rule);
}

function readNumber(rule: Place, name: 'number' | 'integer'): TypeRule {
  const decimal = rule.at('decimal').asChoice(decimalSigns) ?? '.';
  const group = rule.at('group').asChoice(groupSigns);
  if (group === decimal)
    rule.at('group').problem('SIGN_INVALID', `"${decimal}" is the decimal sign already; declare "decimal" as well`);
  return { name, decimal, ...(group !== undefined && { group }) };
}

/** Once one list is given, only declared words count. */
function readBoolean(rule: Place): TypeRule {
  if (!rule.has('true') && !rule.has('false')) return { name: 'boolean', ...usualWords };
  const trueWords = rule.at('true').asTexts() ?? [];
  const falseWords = rule.at('false').asTexts() ?? [];
  if (trueWords.length + falseWords.length === 0)
    rule.problem('WORDS_INVALID', 'No word means yes or no; list at least one under "true" or "false"');
  const yes = new Set(trueWords.map(normaliseName));
  for (const word of falseWords.filter((candidate) => yes.has(normaliseName(candidate))))
    rule.at('false').problem('WORDS_INVALID', `"${word}" cannot mean yes and no; take it out of one list`);
  return { name: 'boolean', trueWords, falseWords };
}

function readDate(rule: Place): TypeRule | undefined {
  if (rule.has('format') === rule.has('formats'))
    return rule.problem(
      'PROPERTY_MISSING',
      'A date needs its form: give either "format": "DD/MM/YYYY" or a list "formats"',
    );
  const places = rule.has('format') ? [rule.at('format')] : (rule.at('formats').asList() ?? []);
  const formats = places.flatMap((place) => place.asText() ?? []);
  const faults = places.flatMap((place) => readFormatFault(place) ?? []);
  if (rule.has('formats') && places.length === 0)
    return rule.at('formats').problem('PROPERTY_MISSING', 'The list of formats is empty; name at least one');
  if (faults.length === 0) reportConflicts(rule, formats);
  return formats.length === 0 ? undefined : { name: 'date', formats };
}

function readFormatFault(place: Place): string | undefined {
  const format = typeof place.value === 'string' ? place.value : '';
  const fault = dateFormatFault(format);
  if (fault !== undefined && format.trim() !== '')
    place.problem('DATE_FORMAT_INVALID', `The format "${format}" ${fault}`);
  return fault;
}

function reportConflicts(rule: Place, formats: readonly string[]): void {
  formats.forEach((format, position) => {
    const other = formats.slice(0, position).find((earlier) => dateFormatsConflict(earlier, format));
    if (other !== undefined)
      rule
        .at('formats')
        .problem(
          'DATE_FORMATS_CONFLICT',
          `"${other}" and "${format}" read one text as two dates; keep the one that the file uses`,
        );
  });
}
