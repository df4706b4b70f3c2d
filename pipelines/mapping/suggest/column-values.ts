import { createBlankTokens, defaultBlankTokenRule } from '#pipelines/mapping/blank-tokens.js';
import { normaliseName, trimText } from '#pipelines/mapping/normalise-name.js';
import { defaultBooleanWords } from '#pipelines/mapping/types/boolean.js';
import { createDateFormatter } from '#pipelines/mapping/types/date.js';
import { buildNumberPattern, type NumberSigns } from '#pipelines/mapping/types/number.js';
import { type Cell, cellToText } from '#pipelines/model.js';
import { readColumnHeadings } from './column-headings.js';

const yes = toWordSet(
  ...[
    'yes',
    'y',
    'true',
    '1',
    'on',
    'x',
    'ja',
    'j',
    'wahr',
    'oui',
    'o',
    'vrai',
    'si',
    'sí',
    's',
    'verdadero',
    't',
    'sì',
    'vero',
  ],
  ...['active', 'aktiv', 'actif', 'activo', 'enabled', 'subscribed', 'opted in', 'opt-in', 'allowed', 'abonniert'],
);
const no = toWordSet(
  ...[
    'no',
    'n',
    'false',
    '0',
    'off',
    'nein',
    'falsch',
    'non',
    'faux',
    'falso',
    'f',
    '-',
    'none',
    'never',
    'nee',
    'onwaar',
  ],
  ...['inactive', 'inaktiv', 'inactif', 'inactivo', 'disabled', 'unsubscribed', 'not subscribed', 'not_subscribed'],
  ...['opted out', 'opt-out', 'blocked', 'closed'],
);

/** More spellings than this are a category, not a yes and a no. */
const maxBooleanWords = 6;

export interface BooleanWords {
  /** As the column spells them, each once. */
  readonly trueWords: readonly string[];
  readonly falseWords: readonly string[];
  /** Whether every word means yes or no without being declared. */
  readonly isDefault: boolean;
}

/** Nobody has agreed to anything who is listed like this. */
const noConsent = toWordSet(
  ...['unknown', 'pending', 'never subscribed', 'not set', 'cleaned', 'bounced', 'archived', 'transactional'],
  ...['non subscribed', 'nonsubscribed', 'unconfirmed'],
);

/**
 * The words for yes and no in a column; `undefined` when any text is neither.
 *
 * @param isConsent - the column says who has agreed to something
 */
export function detectBooleanWords(texts: readonly string[], isConsent = false): BooleanWords | undefined {
  const spellings = new Map(texts.map((text) => [normaliseName(text), text]));
  if (spellings.size === 0 || spellings.size > maxBooleanWords) return undefined;
  const all = [...spellings];
  const isNo = (word: string) => no.has(word) || (isConsent && noConsent.has(word));
  if (!all.every(([word]) => yes.has(word) || isNo(word))) return undefined;
  const seen = { trueWords: all.filter(([word]) => yes.has(word)), falseWords: all.filter(([word]) => isNo(word)) };
  const defaults: readonly string[] = [...defaultBooleanWords.trueWords, ...defaultBooleanWords.falseWords];
  return {
    trueWords: addCounterparts(seen.trueWords, seen.falseWords, 1),
    falseWords: addCounterparts(seen.falseWords, seen.trueWords, 0),
    isDefault: all.every(([word]) => defaults.includes(word)),
  };
}

/** A sample may show only one of the two words; the whole file will have the other, too. */
const counterparts = [
  ['no', 'yes'],
  ['n', 'y'],
  ['false', 'true'],
  ['0', '1'],
  ['nein', 'ja'],
  ['nee', 'ja'],
  ['non', 'oui'],
  ['no', 'si'],
  ['no', 'sí'],
  ['inactive', 'active'],
  ['inaktiv', 'aktiv'],
  ['inactif', 'actif'],
  ['inactivo', 'activo'],
  ['disabled', 'enabled'],
  ['unsubscribed', 'subscribed'],
  ['off', 'on'],
] as const;

type Spelling = readonly [word: string, text: string];

function addCounterparts(spellings: readonly Spelling[], others: readonly Spelling[], side: 0 | 1): readonly string[] {
  const seen = spellings.map(([, text]) => text);
  // Lists of subscribers have more words than two: that none has left yet does not mean that the word is another.
  const pairs = counterparts.filter(
    (pair) => (seen.length === 0 || pair[1] === 'subscribed') && others.some(([word]) => word === pair[1 - side]),
  );
  return [...new Set([...seen, ...pairs.map((pair) => pair[side])])];
}

function toWordSet(...list: readonly string[]): ReadonlySet<string> {
  return new Set(list);
}

/** Which comes first in a date of numbers. */
export type DateOrder = 'day' | 'month';

const separators = ['/', '.', '-', ' '] as const;
const times = ['', ' HH:mm', ' HH:mm:ss', 'THH:mm:ss', 'THH:mm', ' h:mm A', ' h:mm:ss A'] as const;

/** Without a doubt about day and month. */
const plainForms = [
  'YYYY-MM-DD',
  'YYYY/MM/DD',
  'YYYY.MM.DD',
  'YYYYMMDD',
  'D MMM YYYY',
  'D-MMM-YYYY',
  'D MMM YY',
  'D-MMM-YY',
];

export type DateForm =
  | { readonly kind: 'certain'; readonly format: string }
  /** Every text could be read both ways. */
  | { readonly kind: 'ambiguous'; readonly formats: { readonly [order in DateOrder]: string } };

/** The form that all dates of a column have; `undefined` when they have none in common. */
export function detectDateForm(texts: readonly string[]): DateForm | undefined {
  if (texts.length === 0) return undefined;
  const plain = plainForms
    .flatMap((date) => times.map((time) => date + time))
    .find((format) => doAllMatch(format, texts));
  if (plain !== undefined) return { kind: 'certain', format: plain };
  for (const separator of separators)
    for (const year of ['YYYY', 'YY'])
      for (const time of times) {
        const day = `D${separator}M${separator}${year}${time}`;
        const month = `M${separator}D${separator}${year}${time}`;
        const [isDay, isMonth] = [doAllMatch(day, texts), doAllMatch(month, texts)];
        if (isDay && isMonth) return { kind: 'ambiguous', formats: { day, month } };
        if (isDay || isMonth) return { kind: 'certain', format: isDay ? day : month };
      }
  return undefined;
}

/** The order of a numeric date form, if it is certain; a file has one order in all its columns. */
export function readDateOrder(form: DateForm): DateOrder | undefined {
  if (form.kind === 'ambiguous') return undefined;
  if (/^D\W/.test(form.format) && !form.format.includes('MMM')) return 'day';
  return /^M\W/.test(form.format) ? 'month' : undefined;
}

/** Making a reader takes longer than reading, and a wide file has thousands of columns. */
const dateReaders = new Map<string, ReturnType<typeof createDateFormatter>['read']>();

function doAllMatch(format: string, texts: readonly string[]): boolean {
  const read = dateReaders.get(format) ?? createDateFormatter(format).read;
  dateReaders.set(format, read);
  return texts.every((text) => typeof read(text) === 'object');
}

/** In the order in which they are tried: fewest signs first, then the most common ones. */
const candidateSigns: readonly NumberSigns[] = [
  { decimal: '.' },
  { decimal: ',' },
  { decimal: '.', group: ',' },
  { decimal: ',', group: '.' },
  { decimal: '.', group: ' ' },
  { decimal: ',', group: ' ' },
  { decimal: '.', group: "'" },
  { decimal: '.', group: '’' },
];

/** Signs of money and percent around a number, e.g. "$ 1,200.00" or "5 %". */
const affixPattern = /^(?:([A-Z]{3}|\p{Sc}|A\$|%)\s*)?(.*?)(?:\s*([A-Z]{3}|\p{Sc}|%))?$/u;

/** Affixes are removed with "replace"; a column with more than these is text. */
const maxAffixes = 2;

export interface NumberForm {
  readonly signs: NumberSigns;
  /** What surrounds the numbers and has to be removed. */
  readonly affixes: readonly string[];
  /** Another reading that fits as well and gives other numbers: "1.250" may be 1250 or 1.25. */
  readonly alternative?: NumberSigns;
  readonly isWhole: boolean;
}

/** The signs with which all numbers of a column can be read; `undefined` when they are no numbers. */
export function detectNumberForm(texts: readonly string[]): NumberForm | undefined {
  if (texts.length === 0) return undefined;
  const parts = texts.map((text) => affixPattern.exec(text));
  const affixes = [...new Set(parts.flatMap((part) => [part?.[1], part?.[3]]).filter((sign) => sign !== undefined))];
  if (affixes.length > maxAffixes) return undefined;
  const bare = parts.map((part) => part?.[2]?.trim() ?? '');
  const fitting = candidateSigns.filter((signs) => bare.every((text) => buildNumberPattern(signs).test(text)));
  const [signs] = fitting;
  if (signs === undefined) return undefined;
  const alternative = fitting.find((candidate) =>
    bare.some((text) => parseWithSigns(text, candidate) !== parseWithSigns(text, signs)),
  );
  return {
    signs,
    affixes,
    ...(alternative !== undefined && { alternative }),
    isWhole: bare.every((text) => Number.isInteger(parseWithSigns(text, signs))),
  };
}

function parseWithSigns(text: string, signs: NumberSigns): number {
  const [, minus = '', whole = '', fraction = ''] = buildNumberPattern(signs).exec(text) ?? [];
  return Number(`${minus}${whole.replaceAll(/\D/g, '')}.${fraction}0`);
}

const maxSamples = 3;
const maxSampleLength = 40;

/** The values of a column in a sample. */
export interface ColumnValues {
  readonly column: string;
  /** What the name of the column says beside the names of the others; empty in a file without a header. */
  readonly heading: string;
  readonly position: number;
  /** Of the sample, blank cells included. */
  readonly rows: number;
  /** The texts that are not blank, in file order, trimmed. */
  readonly texts: readonly string[];
  /** The cells that are not blank, as the file has them. */
  readonly cells: readonly Cell[];
  /** By row, whether its cell is not blank. */
  readonly filled: readonly boolean[];
  readonly distinct: number;
  /** The first three different texts, shortened. */
  readonly samples: readonly string[];
}

/**
 * Sorts a sample of rows into columns.
 *
 * @param hasHeader - whether the names are the file's own
 */
export function collectColumnValues(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  hasHeader = true,
): readonly ColumnValues[] {
  const headings = hasHeader ? readColumnHeadings(columns) : columns.map(() => '');
  return columns.map((column, position) => {
    const filled = rows.map((cells) => isFilled(cells[position]));
    const cells = rows.flatMap((cells, row) => (filled[row] && cells[position] !== undefined ? [cells[position]] : []));
    const texts = cells.map((cell) => trimText(cellToText(cell)));
    const different = [...new Set(texts)];
    const samples = different.slice(0, maxSamples).map(shortenSample);
    const heading = headings[position] ?? column;
    return { column, heading, position, rows: rows.length, texts, cells, filled, distinct: different.length, samples };
  });
}

const blankTokens = createBlankTokens(defaultBlankTokenRule);

function isFilled(cell: Cell | undefined): boolean {
  const text = trimText(cellToText(cell));
  return text !== '' && !blankTokens.has(text);
}

/** The texts that stand for nothing in some rows, as NULL does, in the order in which they occur. */
export function findBlankTokens(rows: readonly (readonly Cell[])[]): readonly string[] {
  const found = new Set<string>();
  for (const cells of rows)
    for (const cell of cells) {
      const text = trimText(cellToText(cell));
      if (text !== '' && blankTokens.has(text)) found.add(text);
    }
  return [...found];
}

/** From 0 for a column that is always blank to 1; an empty file fills everything. */
export function calculateFillRate({ rows, texts }: ColumnValues): number {
  return rows === 0 ? 1 : texts.length / rows;
}

function shortenSample(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ');
  return oneLine.length <= maxSampleLength
    ? oneLine
    : `${Array.from(oneLine)
        .slice(0, maxSampleLength - 1)
        .join('')}…`;
}

/** The kind of values in a column. */
export type ContentKind =
  | 'blank'
  | 'e-mail'
  | 'web address'
  | 'telephone'
  | 'yes/no'
  | 'date'
  | 'number'
  | 'digits'
  | 'text';

/** A column of one kind may hold a few other values. */
const minShareOfKind = 0.9;

const shapes = {
  'e-mail': /^\S+@\S+\.\S+$/,
  'web address': /^(?:https?:\/\/\S+|www\.\S+\.\S+)$/i,
  telephone: /^(?=(?:\D*\d){6,15}\D*(?:(?:x|ext\.?)\s?\d+)?$)\+?[\d\s()./-]+(?:(?:x|ext\.?)\s?\d+)?$/i,
  /** Post codes, numbers of customers: digits whose first may be a zero. */
  digits: /^\d{2,12}$/,
} as const;

/** The kind of most values; the first that fits, from the most certain to the least. */
export function detectContentKind({ texts }: ColumnValues): ContentKind {
  if (texts.length === 0) return 'blank';
  if (calculateShare(texts, shapes['e-mail']) >= minShareOfKind) return 'e-mail';
  if (calculateShare(texts, shapes['web address']) >= minShareOfKind) return 'web address';
  if (detectBooleanWords(texts) !== undefined) return 'yes/no';
  if (detectDateForm(texts) !== undefined) return 'date';
  if (calculateShare(texts, shapes.digits) >= minShareOfKind) return 'digits';
  if (calculateShare(texts, shapes.telephone) >= minShareOfKind) return 'telephone';
  return detectNumberForm(texts) === undefined ? 'text' : 'number';
}

/** The share of texts that match a pattern, from 0 to 1. */
export function calculateShare(texts: readonly string[], shape: RegExp): number {
  return texts.length === 0 ? 0 : texts.filter((text) => shape.test(text)).length / texts.length;
}

export const emailShape = shapes['e-mail'];

export function isTelephone(text: string): boolean {
  return shapes.telephone.test(text);
}
