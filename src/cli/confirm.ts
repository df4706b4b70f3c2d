import { InterruptedError, UsageError } from '../errors.js';

/**
 * Asks on a terminal; elsewhere nobody can answer, so a script must say --yes.
 *
 * @throws UsageError without a terminal, InterruptedError on Ctrl-C
 */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(`This needs a yes: ${question}`, {
      code: 'NOT_CONFIRMED',
      nextStep: 'Add --yes to say it on the command line.',
    });
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      // Without these two, the question would be forgotten and the process would end as if nothing had been asked.
      terminal.once('SIGINT', () => {
        process.stderr.write('\n');
        reject(new InterruptedError('SIGINT'));
      });
      terminal.once('close', () => resolve(''));
      terminal.question(`${question} [y/N] `).then(resolve, reject);
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
