import { typeOfField } from '#pipelines/mapping/customer-fields.js';
import type { NumberSigns } from '#pipelines/mapping/mapping.js';
import { type BooleanWords, booleanWords } from './boolean-words.js';
import type { ColumnValues } from './column-values.js';
import { type NumberForm, numberFormOf } from './number-signs.js';
import type { Choices, RuleJson } from './suggestion.js';
import { emailShape, share } from './value-looks.js';

/** The rule for one field, and what speaks against it. */
export interface RuleProposal {
  readonly rule: RuleJson;
  /** Lowers the certainty: 1 when the values fit. */
  readonly fit: number;
  readonly remarks: readonly string[];
  /** The decimal sign could be either. */
  readonly isDecimalOpen?: true;
}

/** A column may hold a few slips and still be one of numbers. */
const shareThatFits = 0.9;
/** With more of them its owner is asked; only when most values do not fit, the name must mean something else. */
const shareToAsk = 0.6;
const fitToAsk = 0.75;

/** Makes the rule for a field from what its column holds; `undefined` when the column cannot fill it. */
export function proposeRule(
  field: string,
  values: ColumnValues,
  isOpposite: boolean,
  choices: Choices,
): RuleProposal | undefined {
  const { column, texts } = values;
  const type = typeOfField(field);
  if (type === 'boolean') return texts.length === 0 ? plainBoolean(column) : booleanRule(values, isOpposite);
  if (type === 'number' || type === 'integer')
    return texts.length === 0 ? fits({ column, type }) : numberRule(field, type, values, choices);
  if (field === 'emailAddress') return emailRule(values);
  if (field === 'postalCode') return postalRule(values);
  return fits(column);
}

function fits(rule: RuleJson): RuleProposal {
  return { rule, fit: 1, remarks: [] };
}

function plainBoolean(column: string): RuleProposal {
  return fits({ column, type: 'boolean' });
}

function booleanRule({ column, texts }: ColumnValues, isOpposite: boolean): RuleProposal | undefined {
  const words = booleanWords(texts);
  if (words === undefined) return undefined;
  if (words.isUsual && !isOpposite) return plainBoolean(column);
  return fits({ column, type: 'boolean', ...wordLists(words, isOpposite) });
}

function wordLists({ trueWords, falseWords }: BooleanWords, isOpposite: boolean) {
  const [yes, no] = isOpposite ? [falseWords, trueWords] : [trueWords, falseWords];
  return { ...(yes.length > 0 && { true: yes }), ...(no.length > 0 && { false: no }) };
}

function numberRule(
  field: string,
  type: 'number' | 'integer',
  { column, texts }: ColumnValues,
  { decimal }: Choices,
): RuleProposal | undefined {
  const numeric = texts.filter((text) => /\d/.test(text) && !/\p{L}{4}/u.test(text));
  const form = numberFormOf(numeric);
  if (form === undefined || numeric.length < texts.length * shareToAsk) return undefined;
  const isUnsure = numeric.length < texts.length * shareThatFits;
  if (type === 'integer' && !form.isWhole) return undefined;
  const slips = texts.filter((text) => !numeric.includes(text));
  const signs = chosenSigns(form, decimal);
  const isOpen = form.alternative !== undefined && decimal === undefined;
  return {
    rule: { column, ...removal(form.affixes), type, ...signsJson(signs) },
    fit: isOpen || isUnsure ? fitToAsk : 1,
    remarks: [
      ...(slips.length === 0 ? [] : [`${slips.length} of ${texts.length} are no numbers, e.g. "${slips[0]}"`]),
      ...(form.affixes.includes('%') || field !== 'discountPercent' || !isFraction(numeric, signs)
        ? []
        : ['All are below 1: the API wants 10 for ten percent']),
    ],
    ...(isOpen && { isDecimalOpen: true as const }),
  };
}

function chosenSigns({ signs, alternative }: NumberForm, decimal: '.' | ',' | undefined): NumberSigns {
  return decimal !== undefined && alternative?.decimal === decimal ? alternative : signs;
}

function removal(affixes: readonly string[]) {
  if (affixes.length === 0) return {};
  return { transform: affixes.map((from) => ({ replace: { from, to: '' } })) };
}

function signsJson({ decimal, group }: NumberSigns) {
  return { ...(decimal !== '.' && { decimal }), ...(group !== undefined && { group }) };
}

function isFraction(texts: readonly string[], { decimal }: NumberSigns): boolean {
  const values = texts.map((text) => Number(text.replace(decimal, '.')));
  return values.some((value) => value > 0) && values.every((value) => value < 1);
}

function emailRule({ column, texts }: ColumnValues): RuleProposal {
  const rule = { column, transform: ['email'] };
  const wrong = texts.filter((text) => !emailShape.test(text));
  if (wrong.length === 0) return fits(rule);
  const right = share(texts, emailShape);
  const fit = right >= shareThatFits ? 1 : right >= shareToAsk ? fitToAsk : 0.3;
  return { rule, fit, remarks: [`${wrong.length} of ${texts.length} are no e-mail addresses, e.g. "${wrong[0]}"`] };
}

/** Spreadsheet programs take the first zero off: 0810 is 810 then. */
function postalRule({ column, texts }: ColumnValues): RuleProposal {
  const digits = texts.filter((text) => /^\d+$/.test(text));
  const lengths = [...new Set(digits.map((text) => text.length))].sort((one, other) => one - other);
  const [short, whole] = lengths;
  const isPadded = lengths.length === 2 && short !== undefined && whole === short + 1 && (whole === 4 || whole === 5);
  const shorter = digits.filter((text) => text.length === short);
  if (!isPadded || digits.length < texts.length || shorter.length * 2 > digits.length) return fits(column);
  return {
    rule: { column, transform: [{ pad: { length: whole } }] },
    fit: 0.8,
    remarks: [`${shorter.length} have ${short} digits, e.g. "${shorter[0]}": a lost zero is put back in front`],
  };
}
