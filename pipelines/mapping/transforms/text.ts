import type { CellFailure } from '#pipelines/mapping/cells.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { defineTransform, keepText, type Transform } from './transform.js';

const zeroWidth = /[\u00AD\u180E\u200B-\u200D\u2060\uFEFF]/g;
/** An address as most are: nothing in it to tidy, so that it need not be looked through for each kind of dirt. */
const tidyAddress = /^[\w.+-]+@[a-z0-9.-]+$/;
const mailLink = /^(?:mailto:\s*)+/i;

/** Transforms that remove what was never meant. */
export const tidyingTransforms = {
  trim: defineTransform({
    description: 'Takes spaces and invisible signs off both ends.',
    options: {},
    apply: () => trimText,
    inverse: keepText,
  }),
  collapseSpaces: defineTransform({
    description: 'Makes every run of spaces and line breaks one space, and takes them off both ends.',
    options: {},
    apply: () => (text) => trimText(text.replaceAll(/\s+/g, ' ')),
    inverse: keepText,
  }),
  digits: defineTransform({
    description: 'Keeps the digits 0–9 only.',
    options: {},
    apply: () => (text) => text.normalize('NFKC').replaceAll(/[^0-9]/g, ''),
    inverse: keepText,
  }),
  email: defineTransform({
    description:
      'Tidies an e-mail address: no spaces around it, no invisible signs, no "mailto:", the domain in lower case.',
    options: {},
    apply: () => tidyEmail,
    inverse: keepText,
  }),
} as const satisfies Record<string, Transform>;

/** The part before the @ keeps its case: some servers tell "Ann" and "ann" apart. */
function tidyEmail(text: string): string {
  if (tidyAddress.test(text)) return text;
  const bare = trimText(trimText(text.replaceAll(zeroWidth, '')).replace(mailLink, ''));
  const at = bare.lastIndexOf('@');
  return at === -1 ? bare : bare.slice(0, at) + bare.slice(at).toLowerCase();
}

/** Transforms that add to a text or exchange parts of it. */
export const wideningTransforms = {
  pad: defineTransform({
    description: 'Fills a text up at its start, e.g. 810 to 0810.',
    options: {
      length: { kind: 'count', description: 'Signs that the text has at least afterwards.' },
      with: { kind: 'character', description: 'The sign to fill up with.', default: '0' },
    },
    apply: (options) => (text) => text.padStart(options.length, options.with),
    inverse: () => (text) => text,
  }),
  prefix: defineTransform({
    description: 'Puts a text in front.',
    options: { text: { kind: 'text', description: 'What to put in front.' } },
    apply: (options) => (text) => options.text + text,
    inverse: (options) => (text) => (text.startsWith(options.text) ? text.slice(options.text.length) : text),
  }),
  suffix: defineTransform({
    description: 'Puts a text behind.',
    options: { text: { kind: 'text', description: 'What to put behind.' } },
    apply: (options) => (text) => text + options.text,
    inverse: (options) => (text) => (text.endsWith(options.text) ? text.slice(0, -options.text.length) : text),
  }),
  replace: defineTransform({
    description: 'Replaces every occurrence of a text.',
    options: {
      from: { kind: 'text', description: 'The text to replace, letter by letter.' },
      to: { kind: 'text', description: 'What to put in its place.', default: '' },
    },
    apply: (options) => (text) => text.replaceAll(options.from, () => options.to),
    noInverse: 'where the replaced text stood is not known any more',
  }),
} as const satisfies Record<string, Transform>;

/** Transforms that keep a part of the text only. */
export const cuttingTransforms = {
  extract: defineTransform({
    description: 'Keeps what a regular expression finds.',
    options: {
      pattern: { kind: 'pattern', description: 'A regular expression as in JavaScript, with Unicode.' },
      group: { kind: 'index', description: 'The group to keep: 0 for all that was found.', default: 0 },
      otherwise: {
        kind: 'choice',
        description: 'What becomes of a text in which the pattern is not found.',
        choices: ['error', 'blank', 'keep'],
        default: 'error',
      },
    },
    findFault: ({ pattern, group }) => {
      const groups = countGroups(pattern);
      if (group >= 0 && group <= groups) return undefined;
      return `The pattern has ${groups} groups, so there is no group ${group}; use 0 for all that was found`;
    },
    apply: (options) => {
      const pattern = new RegExp(options.pattern, 'u');
      const notFound = buildNotFoundResult(options.otherwise, options.pattern);
      return (text) => pattern.exec(text)?.[options.group] ?? notFound(text);
    },
    noInverse: 'what stood around the extracted text is not known any more',
  }),
  split: defineTransform({
    description: 'Cuts the text at a separator and keeps one part; blank when there is no such part.',
    options: {
      separator: { kind: 'text', description: 'Where to cut.' },
      index: { kind: 'index', description: 'The part to keep: 0 is the first, -1 the last.' },
    },
    apply: (options) => (text) => text.split(options.separator).at(options.index) ?? '',
    noInverse: 'the other parts are not known any more',
  }),
  truncate: defineTransform({
    description: 'Cuts a text that is too long, and notes it in the result.',
    options: { length: { kind: 'count', description: 'Signs to keep.' } },
    apply: (options) => (text) => truncateText(text, options.length),
    noInverse: 'what was cut off is not known any more',
  }),
} as const satisfies Record<string, Transform>;

function buildNotFoundResult(otherwise: string, pattern: string): (text: string) => string | CellFailure {
  if (otherwise === 'blank') return () => '';
  if (otherwise === 'keep') return (text) => text;
  return () => ({
    code: 'PATTERN_NOT_FOUND',
    says: `does not have the form /${pattern}/; correct the cell, or give "extract" an "otherwise"`,
  });
}

/** An alternative that always fits makes the pattern show its groups on an empty text. */
function countGroups(pattern: string): number {
  return (new RegExp(`${pattern}|`, 'u').exec('')?.length ?? 1) - 1;
}

/** Counts code points, so that no emoji is cut in half. */
function truncateText(text: string, length: number): string | { readonly text: string; readonly note: string } {
  if (text.length <= length) return text;
  const signs = Array.from(text);
  if (signs.length <= length) return text;
  return { text: signs.slice(0, length).join(''), note: `was cut to ${length} signs` };
}
