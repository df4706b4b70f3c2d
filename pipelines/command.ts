/** What a row may ask for by itself, in the column that the mapping calls its `command`. */
export const commands = ['NEW', 'MERGE', 'UPDATE', 'REPLACE', 'DELETE', 'IGNORE'] as const;

export type Command = (typeof commands)[number];

/** What a row without a word means. */
export const blankCommand: Command = 'MERGE';

export function isCommand(text: string): text is Command {
  return (commands as readonly string[]).includes(text);
}
