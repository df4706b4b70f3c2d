import { createInterface } from 'node:readline/promises';
import { UsageError } from '../errors.js';

/** Asks on a terminal; elsewhere nobody can answer, so a script must say --yes. @throws UsageError */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(`This needs a yes: ${question}`, {
      code: 'NOT_CONFIRMED',
      nextStep: 'Add --yes to say it on the command line.',
    });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
