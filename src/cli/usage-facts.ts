import { nearestNames } from '#pipelines/mapping/nearest-name.js';

/**
 * What yargs complains of, with options written as they are typed and the nearest that there is; a complaint that is not
 * known stays as it is.
 *
 * @param options - names of all that the command takes
 */
export function usageFact(message: string, argv: readonly string[], options: readonly string[]): string {
  for (const [pattern, tell] of complaints) {
    const found = pattern.exec(message);
    if (found !== null) return tell(found.slice(1).map(String), argv, options);
  }
  return message;
}

type Tell = (found: readonly string[], argv: readonly string[], options: readonly string[]) => string;

const complaints: readonly (readonly [RegExp, Tell])[] = [
  [
    /^Unknown arguments?: (.+)$/,
    ([names = ''], argv, options) =>
      [...new Set(names.split(', ').map((name) => asTyped(name, argv)))]
        .map((typed) => unknown(typed, options))
        .join(' '),
  ],
  [
    /^Invalid values:\n\s*Argument: (\S+), Given: (.+), Choices: (.+)$/,
    ([name = '', given, choices], argv) => `${asTyped(name, argv)} cannot be ${given}: it is one of ${choices}.`,
  ],
  [/^Not enough arguments following: (\S+)$/, ([name = ''], argv) => `${asTyped(name, argv)} needs a value.`],
];

function unknown(typed: string, options: readonly string[]): string {
  if (!typed.startsWith('-')) return `"${typed}" is one word too many.`;
  const near = nearestNames(typed.replace(/^--?/, ''), options).map((option) => `--${option}`);
  return `There is no option ${typed}${near.length === 0 ? '.' : `: did you mean ${near.join(' or ')}?`}`;
}

/** yargs tells names without their dashes, and those of several words in two ways. */
function asTyped(name: string, argv: readonly string[]): string {
  if (argv.includes(name)) return name;
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const ways = [`--${name}`, `-${name}`, `--${dashed}`, `--no-${name}`, `--no-${dashed}`];
  return ways.find((way) => argv.some((word) => word === way || word.startsWith(`${way}=`))) ?? `--${name}`;
}
