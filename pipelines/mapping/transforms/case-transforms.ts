import { nameCase } from './name-case.js';
import { asItIs, type Transform, transform } from './transform.js';

/** Transforms that change capital and small letters. */
export const caseTransforms = {
  upper: transform({
    about: 'All letters in upper case.',
    options: {},
    apply: () => (text) => text.toUpperCase(),
    inverse: asItIs,
  }),
  lower: transform({
    about: 'All letters in lower case.',
    options: {},
    apply: () => (text) => text.toLowerCase(),
    inverse: asItIs,
  }),
  nameCase: transform({
    about: 'Writes names that are all in capitals or all in small letters as people write them; leaves others alone.',
    options: {},
    apply: () => nameCase,
    inverse: asItIs,
  }),
} as const satisfies Record<string, Transform>;
