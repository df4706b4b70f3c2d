import { takeEmailAddress } from '#pipelines/mapping/email-address.js';
import { findFieldType, percentFields } from '#pipelines/mapping/fields.js';
import { isCurrency, type NumberSigns } from '#pipelines/mapping/types/number.js';
import {
  type BooleanWords,
  type ColumnValues,
  calculateShare,
  detectBooleanWords,
  detectContentKind,
  detectNumberForm,
  emailShape,
  isTelephone,
  type NumberForm,
} from './column-values.js';
import { readHeading } from './headings.js';
import type { Choices, RuleJson } from './suggestion.js';

/** The proposed rule for one field, with its caveats. */
export interface RuleProposal {
  readonly rule: RuleJson;
  /** Lowers the confidence: 1 when the values fit. */
  readonly fit: number;
  readonly remarks: readonly string[];
  /** The decimal sign could be either. */
  readonly isDecimalOpen?: true;
}

/** A number column may hold a few wrong values. */
const minShareThatFits = 0.9;
/** With more of them, the user is asked; with even more, the name must mean something else. */
const minShareToAsk = 0.6;
/** What is no address is left out, or its row invalid: a column of this name is an e-mail column even then. */
const minShareOfEmails = 0.4;
const fitWhenUnsure = 0.75;

/** Proposes the rule for a field from the values of its column; `undefined` when they cannot fill it. */
export function proposeRule(
  field: string,
  values: ColumnValues,
  isOpposite: boolean,
  choices: Choices,
): RuleProposal | undefined {
  const { column, texts } = values;
  const type = findFieldType(field);
  if (type === 'boolean')
    return texts.length === 0 ? proposeDefaultBoolean(column) : proposeBooleanRule(field, values, isOpposite);
  if (type === 'number' || type === 'integer')
    return texts.length === 0
      ? proposeWithoutRemarks({ column, type })
      : proposeNumberRule(field, type, values, choices);
  if (field === 'emailAddress') return proposeEmailRule(values);
  if (field === 'postalCode') return proposePostalCodeRule(values);
  if (field === 'customerName' && areCodes(texts)) return undefined;
  return proposeTextRule(field, values);
}

function proposeWithoutRemarks(rule: RuleJson): RuleProposal {
  return { rule, fit: 1, remarks: [] };
}

function proposeDefaultBoolean(column: string): RuleProposal {
  return proposeWithoutRemarks({ column, type: 'boolean' });
}

/** Fields that need the customer's consent. */
const consentFields: ReadonlySet<string> = new Set(['allowMailing', 'allowDataShare']);

function proposeBooleanRule(
  field: string,
  { column, texts }: ColumnValues,
  isOpposite: boolean,
): RuleProposal | undefined {
  const needsConsent = consentFields.has(field);
  const all = detectBooleanWords(texts, needsConsent);
  const right =
    all === undefined ? texts.filter((text) => detectBooleanWords([text], needsConsent) !== undefined) : texts;
  const wrong = texts.filter((text) => !right.includes(text));
  const words = all ?? (isFew(wrong, texts) ? detectBooleanWords(right, needsConsent) : undefined);
  if (words === undefined) return undefined;
  const lists = words.isDefault && !isOpposite ? {} : buildWordLists(words, isOpposite);
  return {
    rule: { column, type: 'boolean', ...lists, ...leaveOutFew(wrong, texts) },
    fit: 1,
    remarks: [
      ...(wrong.length === 0 ? [] : [`${wrong.length} of ${texts.length} are neither yes nor no, e.g. "${wrong[0]}"`]),
      ...describeFew(wrong, texts),
    ],
  };
}

function buildWordLists({ trueWords, falseWords }: BooleanWords, isOpposite: boolean) {
  const [yes, no] = isOpposite ? [falseWords, trueWords] : [trueWords, falseWords];
  return { ...(yes.length > 0 && { true: yes }), ...(no.length > 0 && { false: no }) };
}

function proposeNumberRule(
  field: string,
  type: 'number' | 'integer',
  values: ColumnValues,
  { decimal }: Choices,
): RuleProposal | undefined {
  const { column } = values;
  const texts = listNumbers(values);
  const numeric = texts.filter((text) => /\d/.test(text) && !/\p{L}{4}/u.test(text));
  const form = detectNumberForm(numeric);
  if (form === undefined || numeric.length < texts.length * minShareToAsk) return undefined;
  const isUnsure = numeric.length < texts.length * minShareThatFits;
  if (type === 'integer' && !form.isWhole) return undefined;
  const wrong = texts.filter((text) => !numeric.includes(text));
  const signs = chooseSigns(form, decimal);
  const isOpen = form.alternative !== undefined && decimal === undefined;
  return {
    rule: {
      ...{ column, ...buildRemoval(form.affixes), type, ...formatSigns(signs), ...buildPercent(form.affixes, field) },
      ...leaveOutFew(wrong, texts),
    },
    fit: isOpen || isUnsure ? fitWhenUnsure : 1,
    remarks: [
      ...(wrong.length === 0 ? [] : [`${wrong.length} of ${texts.length} are not numbers, e.g. "${wrong[0]}"`]),
      ...describeFew(wrong, texts),
      ...(form.affixes.includes('%') || field !== 'discountPercent' || !isFraction(numeric, signs)
        ? []
        : ['All are below 1, but the API expects 10 for ten percent']),
    ],
    ...(isOpen && { isDecimalOpen: true as const }),
  };
}

/** One bad cell is not a lost customer: where a few do not fit, they are left out. With more, a person should look. */
function leaveOutFew(wrong: readonly string[], texts: readonly string[]) {
  return isFew(wrong, texts) ? { otherwise: 'blank' } : {};
}

function describeFew(wrong: readonly string[], texts: readonly string[]): readonly string[] {
  return isFew(wrong, texts) ? ['They are left out, and their rows imported ("otherwise": "blank")'] : [];
}

function isFew(wrong: readonly string[], texts: readonly string[]): boolean {
  return wrong.length > 0 && wrong.length <= texts.length * (1 - minShareThatFits);
}

function chooseSigns({ signs, alternative }: NumberForm, decimal: '.' | ',' | undefined): NumberSigns {
  return decimal !== undefined && alternative?.decimal === decimal ? alternative : signs;
}

/** Where a workbook states the number, its format leaves nothing open. */
function listNumbers({ cells, texts }: ColumnValues): readonly string[] {
  return texts.map((text, at) => {
    const cell = cells[at];
    return typeof cell !== 'object' || cell.kind !== 'number' || text.endsWith('%') ? text : cell.text;
  });
}

/** What the type reads by itself is left in the text, so that an export writes numbers. */
function buildRemoval(affixes: readonly string[]) {
  const units = affixes.filter((affix) => affix !== '%' && !isCurrency(affix));
  if (units.length === 0) return {};
  return { transform: units.map((from) => ({ replace: { from, to: '' } })) };
}

function buildPercent(affixes: readonly string[], field: string) {
  return affixes.includes('%') && !percentFields.has(field) ? { percent: 'shown' } : {};
}

function formatSigns({ decimal, group }: NumberSigns) {
  return { ...(decimal !== '.' && { decimal }), ...(group !== undefined && { group }) };
}

function isFraction(texts: readonly string[], { decimal }: NumberSigns): boolean {
  const values = texts.map((text) => Number(text.replace(decimal, '.')));
  return values.some((value) => value > 0) && values.every((value) => value < 1);
}

function proposeEmailRule({ column, cells, texts: shown }: ColumnValues): RuleProposal {
  const texts = shown.map((text, at) => {
    const cell = cells[at];
    return typeof cell === 'object' && cell.kind === 'text' ? cell.linkedAddress : text;
  });
  const isAddress = (text: string) => emailShape.test(takeEmailAddress(text)?.text ?? text);
  const wrong = texts.filter((text) => !isAddress(text));
  const longer = texts.filter((text) => takeEmailAddress(text)?.note !== undefined);
  const rule = { column, transform: ['email'], ...leaveOutFew(wrong, texts) };
  const right = texts.length === 0 ? 1 : 1 - wrong.length / texts.length;
  const fit = right >= minShareThatFits ? 1 : right >= minShareOfEmails ? fitWhenUnsure : 0.3;
  return {
    rule,
    fit,
    remarks: [
      ...(wrong.length === 0
        ? []
        : [`${wrong.length} of ${texts.length} are not e-mail addresses, e.g. "${wrong[0]}"`]),
      ...describeFew(wrong, texts),
      ...(longer.length === 0
        ? []
        : [`${longer.length} of ${texts.length} have more than an address, e.g. "${longer[0]}": the first is taken`]),
    ],
  };
}

/** What stands between several values in one cell; lists of contacts have ":::". */
const valueSeparators = [' ::: ', ';', '\n', ' / ', ','] as const;
const separatorsByField: { readonly [field: string]: readonly string[] } = {
  phoneNumber: valueSeparators,
  faxNumber: valueSeparators,
  webSite: valueSeparators.slice(0, 3),
  address: [],
  notes: [],
};
const separatorsOfText = valueSeparators.slice(0, 1);

/** "Phone: 02 5550 1201" */
const label = /^\p{L}[\p{L} .-]*:\s*/u;

/** A text, or the first of several in one cell, without the label that a report writes before it. */
function proposeTextRule(field: string, { column, texts }: ColumnValues): RuleProposal {
  const isNumber = field === 'phoneNumber' || field === 'faxNumber';
  const isPart = (part: string) => !isNumber || isTelephone(part.trim().replace(label, ''));
  const split = (text: string, separator: string) => text.split(separator).filter((part) => part.trim() !== '');
  const isSeveral = (text: string, separator: string) => {
    const parts = split(text, separator);
    return parts.length > 1 && parts.every(isPart);
  };
  const separators = separatorsByField[field] ?? separatorsOfText;
  const used = separators.filter((separator) => texts.some((text) => isSeveral(text, separator)));
  const several = texts.filter((text) => used.some((separator) => isSeveral(text, separator)));
  const labelled = isNumber
    ? texts.filter((text) => label.test(text) && isPart(split(text, used[0] ?? '\n')[0] ?? ''))
    : [];
  const transform = [
    ...used.map((separator) => ({ split: { separator, index: 0 } })),
    ...(labelled.length === 0 ? [] : [{ extract: { pattern: String.raw`[+(]*\d.*$`, otherwise: 'keep' } }]),
  ];
  if (transform.length === 0) return proposeWithoutRemarks(column);
  const remarks =
    several.length === 0
      ? []
      : [
          `${several.length} of ${texts.length} have several values in one cell, e.g. "${several[0]}": the first is taken`,
        ];
  return { rule: { column, transform }, fit: 1, remarks };
}

/** Numbers and codes are no names, whatever the column is called. */
function areCodes(texts: readonly string[]): boolean {
  return texts.length > 0 && calculateShare(texts, ownNumber) >= minShareThatFits;
}

/** Spreadsheet programs remove leading zeros: 0810 becomes 810. */
function proposePostalCodeRule({ column, texts }: ColumnValues): RuleProposal {
  const digits = texts.filter((text) => /^\d+$/.test(text));
  const lengths = [...new Set(digits.map((text) => text.length))].sort((a, b) => a - b);
  const [short, whole] = lengths;
  const isPadded = lengths.length === 2 && short !== undefined && whole === short + 1 && (whole === 4 || whole === 5);
  const shorter = digits.filter((text) => text.length === short);
  if (!isPadded || digits.length < texts.length || shorter.length * 2 > digits.length)
    return proposeWithoutRemarks(column);
  return {
    rule: { column, transform: [{ pad: { length: whole } }] },
    fit: 0.8,
    remarks: [`${shorter.length} have ${short} digits, e.g. "${shorter[0]}": the lost leading zero is restored`],
  };
}

/** The column that identifies customers, with the confidence in it. */
export interface KeyProposal {
  readonly values: ColumnValues;
  readonly confidence: number;
  readonly why: string;
}

/** A column with an ambiguous name is an identifier when every row has a different value. */
const confidenceOfUnique = 0.85;

/** Proposes the old system's identifier: a column with such a name, filled in and different in every row. */
export function proposeKey(columns: readonly ColumnValues[], choices: Choices): KeyProposal | undefined {
  if (choices.key === 'none') return undefined;
  const wanted = choices.key?.column;
  const chosen = columns.find(({ column }) => column === wanted || choices.targets?.get(column) === 'key');
  if (chosen !== undefined) return { values: chosen, confidence: 1, why: 'as you said' };
  const named = columns
    .filter(({ column }) => choices.targets?.has(column) !== true)
    .flatMap((values) => {
      const meanings = readHeading(values.heading);
      const meaning = meanings.find(({ target }) => target === 'key');
      const isName = meanings.some(({ target }) => target === 'customerName') && !haveDigits(values.texts);
      return meaning === undefined || isName ? [] : [{ values, meaning }];
    })
    .filter(({ values, meaning }) => isIdentifier(values) && meaning.confidence >= (values.rows === 0 ? 0.7 : 0.5))
    .sort((a, b) => b.meaning.confidence - a.meaning.confidence);
  const [best] = named;
  if (best === undefined) return proposeAlmostUniqueKey(columns, choices);
  const { values, meaning } = best;
  const isProved = values.rows > 1;
  return {
    values,
    confidence: isProved ? Math.max(meaning.confidence, confidenceOfUnique) : meaning.confidence,
    why: isProved ? 'by its name; it is filled in and different in every row of the sample' : 'by its name',
  };
}

/** "Account" and "Debtor" may be a number or a name: the values tell. */
function haveDigits(texts: readonly string[]): boolean {
  return calculateShare(texts, /^\S*\d\S*$/) >= minShareThatFits;
}

/** A messy file has rows without a number, or with the number of another row. */
const minShareOfDistinct = 0.7;
const minConfidenceOfName = 0.9;

/** A column whose name is unambiguous is proposed even where some rows have no value: those need fixing. */
function proposeAlmostUniqueKey(columns: readonly ColumnValues[], choices: Choices): KeyProposal | undefined {
  const values = columns.find(
    ({ column, heading, rows, distinct }) =>
      choices.targets?.has(column) !== true &&
      rows > 2 &&
      distinct >= rows * minShareOfDistinct &&
      readHeading(heading).some(({ target, confidence }) => target === 'key' && confidence >= minConfidenceOfName),
  );
  if (values === undefined) return undefined;
  const wrong = values.rows - values.distinct;
  const why = `by its name; ${wrong} of ${values.rows} rows have no value, or the same value as another row: fix those`;
  return { values, confidence: 0.6, why };
}

/** Fewer rows prove nothing about a column whose name says nothing. */
const minRowsOfNumbers = 10;
const ownNumber = /^[A-Za-z]{0,5}[-_/ ]?\d{3,12}$/;

/** Proposes a column without a telling name that has a number of its own in every row. */
export function proposeNumberKey(columns: readonly ColumnValues[]): KeyProposal | undefined {
  const values = columns.find(
    (candidate) =>
      candidate.rows >= minRowsOfNumbers &&
      isIdentifier(candidate) &&
      candidate.texts.every((text) => ownNumber.test(text)) &&
      detectContentKind(candidate) !== 'telephone',
  );
  if (values === undefined) return undefined;
  return { values, confidence: 0.6, why: 'it has another number in every row of the sample' };
}

/** Filled in every row, and never twice the same. */
export function isIdentifier({ rows, texts, distinct }: ColumnValues): boolean {
  return texts.length === rows && distinct === rows;
}
