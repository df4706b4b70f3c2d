import { trimText } from '#pipelines/mapping/trim-text.js';
import { asItIs, type Transform, transform } from './transform.js';

const zeroWidth = /[\u00AD\u180E\u200B-\u200D\u2060\uFEFF]/g;
/** An address as most are: nothing in it to tidy, so that it need not be looked through for each kind of dirt. */
const tidyAddress = /^[\w.+-]+@[a-z0-9.-]+$/;
const mailLink = /^(?:mailto:\s*)+/i;

/** Transforms that remove what was never meant. */
export const tidyingTransforms = {
  trim: transform({
    about: 'Takes spaces and invisible signs off both ends.',
    options: {},
    apply: () => trimText,
    inverse: asItIs,
  }),
  collapseSpaces: transform({
    about: 'Makes every run of spaces and line breaks one space, and takes them off both ends.',
    options: {},
    apply: () => (text) => trimText(text.replaceAll(/\s+/g, ' ')),
    inverse: asItIs,
  }),
  digits: transform({
    about: 'Keeps the digits 0–9 only.',
    options: {},
    apply: () => (text) => text.normalize('NFKC').replaceAll(/[^0-9]/g, ''),
    inverse: asItIs,
  }),
  email: transform({
    about: 'Tidies an e-mail address: no spaces around it, no invisible signs, no "mailto:", the domain in lower case.',
    options: {},
    apply: () => tidyEmail,
    inverse: asItIs,
  }),
} as const satisfies Record<string, Transform>;

/** The part before the @ keeps its case: some servers tell "Ann" and "ann" apart. */
function tidyEmail(text: string): string {
  if (tidyAddress.test(text)) return text;
  const bare = trimText(trimText(text.replaceAll(zeroWidth, '')).replace(mailLink, ''));
  const at = bare.lastIndexOf('@');
  return at === -1 ? bare : bare.slice(0, at) + bare.slice(at).toLowerCase();
}
