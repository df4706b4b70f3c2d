import { quoteForShell } from '#src/platform.js';

/** A word of a command line as shells and people read it. */
export function quoteArgument(word: string): string {
  return quoteForShell(word);
}
