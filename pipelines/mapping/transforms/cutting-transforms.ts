import type { Failure } from '#pipelines/mapping/row-reason.js';
import { type Transform, transform } from './transform.js';

/** Transforms that keep a part of the text only. */
export const cuttingTransforms = {
  extract: transform({
    about: 'Keeps what a regular expression finds.',
    options: {
      pattern: { kind: 'pattern', about: 'A regular expression as in JavaScript, with Unicode.' },
      group: { kind: 'index', about: 'The group to keep: 0 for all that was found.', default: 0 },
      otherwise: {
        kind: 'choice',
        about: 'What becomes of a text in which the pattern is not found.',
        choices: ['error', 'blank', 'keep'],
        default: 'error',
      },
    },
    fault: ({ pattern, group }) => {
      const groups = groupsIn(pattern);
      if (group >= 0 && group <= groups) return undefined;
      return `The pattern has ${groups} groups, so there is no group ${group}; use 0 for all that was found`;
    },
    apply: (options) => {
      const pattern = new RegExp(options.pattern, 'u');
      const notFound = whenNotFound(options.otherwise, options.pattern);
      return (text) => pattern.exec(text)?.[options.group] ?? notFound(text);
    },
    noInverse: 'what stood around the extracted text is not known any more',
  }),
  split: transform({
    about: 'Cuts the text at a separator and keeps one part; blank when there is no such part.',
    options: {
      separator: { kind: 'text', about: 'Where to cut.' },
      index: { kind: 'index', about: 'The part to keep: 0 is the first, -1 the last.' },
    },
    apply: (options) => (text) => text.split(options.separator).at(options.index) ?? '',
    noInverse: 'the other parts are not known any more',
  }),
  truncate: transform({
    about: 'Cuts a text that is too long, and notes it in the result.',
    options: { length: { kind: 'count', about: 'Signs to keep.' } },
    apply: (options) => (text) => truncate(text, options.length),
    noInverse: 'what was cut off is not known any more',
  }),
} as const satisfies Record<string, Transform>;

function whenNotFound(otherwise: string, pattern: string): (text: string) => string | Failure {
  if (otherwise === 'blank') return () => '';
  if (otherwise === 'keep') return (text) => text;
  return () => ({
    code: 'PATTERN_NOT_FOUND',
    says: `does not have the form /${pattern}/; correct the cell, or give "extract" an "otherwise"`,
  });
}

/** An alternative that always fits makes the pattern show its groups on an empty text. */
function groupsIn(pattern: string): number {
  return (new RegExp(`${pattern}|`, 'u').exec('')?.length ?? 1) - 1;
}

/** Counts code points, so that no emoji is cut in half. */
function truncate(text: string, length: number): string | { readonly text: string; readonly note: string } {
  if (text.length <= length) return text;
  const signs = Array.from(text);
  if (signs.length <= length) return text;
  return { text: signs.slice(0, length).join(''), note: `was cut to ${length} signs` };
}
