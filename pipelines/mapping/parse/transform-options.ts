import type { OptionKind, TransformOption } from '../transforms/transform.js';
import type { Place } from './place.js';

const longestPattern = 200;

/** A repeated group that repeats inside, e.g. (a+)+: the classic shape that takes for ever on some texts. */
const nestedRepeat = /\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]/;

type OptionReader = (place: Place, option: TransformOption) => string | number | undefined;

/** How an option of each kind is read and checked. */
export const optionReaders = {
  count: (place) => place.asWholeNumber(1),
  index: (place) => place.asWholeNumber(Number.NEGATIVE_INFINITY),
  text: (place, option) => {
    const text = place.asAnyText();
    if (text !== '' || option.default === '') return text;
    return place.problem('WRONG_KIND', 'The text is empty; fill it in');
  },
  character: (place) => {
    const text = place.asAnyText();
    if (text === undefined || text.length === 1) return text;
    return place.problem('WRONG_KIND', `Expected one sign, found ${JSON.stringify(text)}`);
  },
  pattern: readPattern,
  choice: (place, option) => place.asChoice(option.choices ?? []),
} as const satisfies Record<OptionKind, OptionReader>;

function readPattern(place: Place): string | undefined {
  const pattern = place.asText();
  if (pattern === undefined) return undefined;
  if (pattern.length > longestPattern)
    return place.problem('PATTERN_INVALID', `The pattern is longer than ${longestPattern} signs; make it simpler`);
  if (nestedRepeat.test(pattern))
    return place.problem(
      'PATTERN_INVALID',
      'The pattern repeats a repetition and could take for ever; make it simpler',
    );
  try {
    new RegExp(pattern, 'u');
    return pattern;
  } catch (error) {
    return place.problem('PATTERN_INVALID', `The pattern is not right: ${(error as Error).message}; correct it`);
  }
}
