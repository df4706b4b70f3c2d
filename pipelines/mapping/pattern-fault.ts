const longestPattern = 200;

/** A repeated group that repeats inside, e.g. (a+)+: the classic shape that takes for ever on some texts. */
const nestedRepeat = /\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]/;

/** Why a regular expression is not to be tried on a million cells, as a sentence; `undefined` when it may be. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `The pattern is longer than ${longestPattern} signs; make it simpler`;
  if (nestedRepeat.test(pattern)) return 'The pattern repeats a repetition and could take for ever; make it simpler';
  return undefined;
}
