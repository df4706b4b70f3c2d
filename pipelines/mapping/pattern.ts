import { refine, type Shape, text } from '#pipelines/shape.js';

const maxPatternLength = 200;

/** A repeated group that repeats inside, e.g. (a+)+: the classic shape that never ends on some texts. */
const nestedRepeat = /\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]/;

/** Why a regular expression must not run on a million cells, as a sentence; `undefined` when it may. */
export function findPatternFault(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength)
    return `The pattern is longer than ${maxPatternLength} characters; simplify it`;
  if (nestedRepeat.test(pattern)) return 'The pattern has nested repetitions and might never end; simplify it';
  return undefined;
}

/** A regular expression of JavaScript, with Unicode. */
export function pattern(): Shape<string> {
  return refine(
    text(),
    (source, node) => {
      const fault = findPatternFault(source);
      if (fault !== undefined) return node.report('PATTERN_INVALID', fault);
      try {
        new RegExp(source, 'u');
        return source;
      } catch (error) {
        return node.report('PATTERN_INVALID', `The pattern is not valid: ${(error as Error).message}; correct it`);
      }
    },
    { maxLength: maxPatternLength, format: 'regex' },
  );
}
