import { readFileSync } from 'node:fs';
import { version } from '#src/version.js';

const widest = 110;
const withoutTerminal = 100;

/** Widths that help is stored for: the usual terminal, none at all, and all that are wide. Others are rare. */
export const storedWidths = [80, withoutTerminal, widest] as const;

/** How wide help may be. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(widest, columns ?? withoutTerminal);
}

/**
 * What a command line prints that only asks for help or for the version. The build has written it, so that nothing needs
 * to be loaded for it; whatever is not found here is for yargs to answer, in the same words.
 */
export function storedPage(argv: readonly string[], columns: number | undefined): string | undefined {
  if (argv.length === 1 && argv[0] === '--version') return `${version()}\n`;
  const words = wordsExplained(argv);
  if (words === undefined || !words.every((word) => /^[a-z]+$/.test(word))) return undefined;
  try {
    return readFileSync(new URL(`../../help/${pageName(words, helpWidth(columns))}`, import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}

/** Where the help on a command is; without words, on all of them. */
export function pageName(words: readonly string[], width: number): string {
  // No word of a command line can be taken for that name.
  return `${width}/${words.length === 0 ? '_' : words.join('-')}.txt`;
}

function wordsExplained(argv: readonly string[]): readonly string[] | undefined {
  const last = argv.at(-1);
  if (last === '--help' || last === '-h') return argv.slice(0, -1);
  return argv[0] === 'help' && argv.length <= 2 ? argv.slice(1) : undefined;
}
