import { type Transform, transform } from './transform.js';

/** Transforms that add to a text or exchange parts of it. */
export const wideningTransforms = {
  pad: transform({
    about: 'Fills a text up at its start, e.g. 810 to 0810.',
    options: {
      length: { kind: 'count', about: 'Signs that the text has at least afterwards.' },
      with: { kind: 'character', about: 'The sign to fill up with.', default: '0' },
    },
    apply: (options) => (text) => text.padStart(options.length, options.with),
    inverse: () => (text) => text,
  }),
  prefix: transform({
    about: 'Puts a text in front.',
    options: { text: { kind: 'text', about: 'What to put in front.' } },
    apply: (options) => (text) => options.text + text,
    inverse: (options) => (text) => (text.startsWith(options.text) ? text.slice(options.text.length) : text),
  }),
  suffix: transform({
    about: 'Puts a text behind.',
    options: { text: { kind: 'text', about: 'What to put behind.' } },
    apply: (options) => (text) => text + options.text,
    inverse: (options) => (text) => (text.endsWith(options.text) ? text.slice(0, -options.text.length) : text),
  }),
  replace: transform({
    about: 'Replaces every occurrence of a text.',
    options: {
      from: { kind: 'text', about: 'The text to replace, letter by letter.' },
      to: { kind: 'text', about: 'What to put in its place.', default: '' },
    },
    apply: (options) => (text) => text.replaceAll(options.from, () => options.to),
    noInverse: 'where the replaced text stood is not known any more',
  }),
} as const satisfies Record<string, Transform>;
