/** What a code stands for. Codes are for scripts and never change; the words beside them may. */
export interface CodeEntry {
  /** One sentence that holds wherever the code is used; the message of the moment says more. */
  readonly meaning: string;
  /** What to do about it; a command where one serves. */
  readonly nextStep: string;
  /** What a command exits with that ends with this code. Absent when none does. */
  readonly exit?: number | readonly number[];
  /** Names that it had in earlier versions. */
  readonly formerly?: readonly string[];
}

export type CodeTable = Readonly<Record<string, CodeEntry>>;
