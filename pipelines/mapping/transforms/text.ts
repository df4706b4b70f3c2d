import type { CellFailure } from '#pipelines/mapping/cells.js';
import { cleanEmail, takeEmailAddress } from '#pipelines/mapping/email-address.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { compilePattern, type Pattern, pattern } from '#pipelines/mapping/pattern.js';
import {
  anyText,
  choice,
  nonEmptyText,
  refine,
  required,
  type Shape,
  wholeNumber,
  withDefault,
} from '#pipelines/shape.js';
import { defineTransform, keepText, type Transform, type TransformResult } from './transform.js';

const whenNotFound = ['error', 'blank', 'keep'] as const;

/** Transforms that clean a text, add to it, or keep a part of it. */
export const textTransforms = {
  trim: defineTransform({
    description: 'Removes spaces and invisible characters at both ends.',
    options: {},
    apply: () => trimText,
    inverse: keepText,
  }),
  collapseSpaces: defineTransform({
    description: 'Replaces every run of spaces and line breaks with one space, and removes those at both ends.',
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
      'Cleans an e-mail address: removes spaces and names around it, invisible characters and "mailto:", and puts the domain in lower case. Of several addresses, it keeps the first.',
    options: {},
    apply: () => applyEmail,
    inverse: keepText,
  }),
  pad: defineTransform({
    description: 'Pads a text at the start to a given length, e.g. 810 to 0810.',
    options: {
      length: required(wholeNumber(1), 'Minimum number of characters.'),
      with: withDefault(character(), '0', 'The character to pad with.'),
    },
    apply: (options) => (text) => text.padStart(options.length, options.with),
    inverse: keepText,
  }),
  prefix: defineTransform({
    description: 'Adds text at the start.',
    options: { text: required(nonEmptyText(), 'The text to add.') },
    apply: (options) => (text) => options.text + text,
    inverse: (options) => (text) => (text.startsWith(options.text) ? text.slice(options.text.length) : text),
  }),
  suffix: defineTransform({
    description: 'Adds text at the end.',
    options: { text: required(nonEmptyText(), 'The text to add.') },
    apply: (options) => (text) => text + options.text,
    inverse: (options) => (text) => (text.endsWith(options.text) ? text.slice(0, -options.text.length) : text),
  }),
  replace: defineTransform({
    description: 'Replaces every occurrence of a text.',
    options: {
      from: required(nonEmptyText(), 'The text to replace, character by character.'),
      to: withDefault(anyText(), '', 'The replacement.'),
    },
    apply: (options) => (text) => text.replaceAll(options.from, () => options.to),
    noInverse: 'the place of the replaced text is not known afterwards',
  }),
  extract: defineTransform({
    description: 'Keeps the part that matches a regular expression.',
    options: {
      pattern: required(
        pattern(),
        'A JavaScript regular expression, with the flag u, without look-around and references to groups.',
      ),
      group: withDefault(wholeNumber(), 0, 'The capture group to keep; 0 is the whole match.'),
      otherwise: withDefault(choice(whenNotFound), 'error', 'The result for a text in which the pattern is not found.'),
    },
    findFault: (options) => {
      const groups = preparePattern(options.pattern).groupCount;
      if (options.group >= 0 && options.group <= groups) return undefined;
      return `The pattern has ${groups} groups, so there is no group ${options.group}; use 0 for the whole match`;
    },
    apply: (options) => {
      const prepared = preparePattern(options.pattern);
      const notFound = buildNotFoundResult(options.otherwise, options.pattern);
      return (text) => prepared.find(text)?.groups[options.group] ?? notFound(text);
    },
    noInverse: 'the text around the match is lost',
  }),
  split: defineTransform({
    description: 'Splits the text at a separator and keeps one part; blank when there is no such part.',
    options: {
      separator: required(nonEmptyText(), 'Where to split.'),
      index: required(wholeNumber(), 'The part to keep: 0 is the first, -1 the last.'),
    },
    apply: (options) => (text) => text.split(options.separator).at(options.index) ?? '',
    noInverse: 'the other parts are lost',
  }),
  truncate: defineTransform({
    description: 'Shortens a text that is too long, and notes it in the result.',
    options: { length: required(wholeNumber(1), 'Maximum number of characters.') },
    apply: (options) => (text) => truncateText(text, options.length),
    noInverse: 'the rest of the text is lost',
  }),
} as const satisfies Record<string, Transform>;

function character(): Shape<string> {
  return refine(anyText(), (text, node) => (text.length === 1 ? text : node.reportKind('one character')), {
    minLength: 1,
    maxLength: 1,
  });
}

/** Of several addresses, the first. */
function applyEmail(text: string): TransformResult {
  const taken = takeEmailAddress(text);
  if (taken?.note === undefined) return cleanEmail(taken?.text ?? text);
  return { text: cleanEmail(taken.text), note: taken.note, code: 'ADDRESS_TAKEN_OUT' };
}

function buildNotFoundResult(
  otherwise: (typeof whenNotFound)[number],
  source: string,
): (text: string) => string | CellFailure {
  if (otherwise === 'blank') return () => '';
  if (otherwise === 'keep') return (text) => text;
  return () => ({
    code: 'PATTERN_NOT_FOUND',
    says: `does not match /${source}/; correct the cell, or set "otherwise" in the "extract" transform`,
  });
}

/** A pattern that the parser has accepted. */
function preparePattern(source: string): Pattern {
  const compilation = compilePattern(source);
  if (!compilation.ok) throw new TypeError(compilation.fault);
  return compilation.pattern;
}

/** Counts code points, so that no emoji is cut in half. */
function truncateText(text: string, length: number): TransformResult {
  if (text.length <= length) return text;
  const characters = Array.from(text);
  if (characters.length <= length) return text;
  return { text: characters.slice(0, length).join(''), note: `was shortened to ${length} characters` };
}
