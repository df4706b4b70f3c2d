import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { showLines } from '#pipelines/visible-text.js';
import { formatDuration } from '#src/cli/progress.js';
import type { Settings } from '#src/config/settings.js';
import { InterruptedError, UsageError } from '#src/errors.js';

/** Somebody can be asked: what is typed comes from a terminal, and questions are seen on one. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a line. @throws InterruptedError on Ctrl-C, and on Ctrl-D: then nobody will ever answer */
export function ask(question: string): Promise<string> {
  return withTerminal(process.stderr, (terminal) => terminal.question(showLines(question)));
}

/** As {@link ask}, and shows nothing of what is typed. */
export function askHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  return withTerminal(nowhere, async (terminal) => {
    // Only now the terminal echoes nothing any more, so only now anybody may begin to type.
    process.stderr.write(showLines(question));
    const answer = await terminal.question('');
    process.stderr.write('\n');
    return answer;
  });
}

/** Asks for yes or no. @param fallback - what an empty answer means */
export async function askYesNo(question: string, fallback: boolean): Promise<boolean> {
  const answer = (await ask(`${question} ${fallback ? '[Y/n]' : '[y/N]'} `)).trim();
  return fallback ? !/^no?$/i.test(answer) : /^y(es)?$/i.test(answer);
}

/** One of a few words; without an answer, the first. */
export async function askChoice<Choice extends string>(
  question: string,
  choices: readonly [Choice, ...Choice[]],
): Promise<Choice> {
  for (;;) {
    const answer = (await ask(question)).trim().toLowerCase();
    if (answer === '') return choices[0];
    const chosen = choices.find((choice) => choice === answer);
    if (chosen !== undefined) return chosen;
  }
}

/**
 * Asks on a terminal; elsewhere nobody can answer, so a script must say --yes.
 *
 * @throws UsageError without a terminal, InterruptedError on Ctrl-C
 */
export async function confirmOnTerminal(question: string): Promise<boolean> {
  if (isInteractive()) return askYesNo(question, false);
  throw new UsageError(`Confirmation required: ${question}`, {
    code: 'NOT_CONFIRMED',
    nextStep: 'Add --yes to confirm on the command line.',
  });
}

/** Agrees to read many customers one by one: with `yes`, or on a terminal; elsewhere nobody can. */
export function createDetailsPrompt({ ratePerSecond }: Pick<Settings, 'ratePerSecond'>, yes: boolean) {
  return async (calls: number): Promise<boolean> => {
    if (yes || !isInteractive()) return yes;
    const rate = ratePerSecond.value;
    const time = Number.isFinite(rate) ? ` (about ${formatDuration(calls / rate)})` : '';
    return askYesNo(`The list does not include the stamp field. Read ${calls} customers one by one${time}?`, false);
  };
}

/** Opens the terminal for one question, so that Ctrl-C is everybody else's again between two. */
async function withTerminal(
  output: NodeJS.WritableStream,
  work: (terminal: Interface) => Promise<string>,
): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      // Without these two, the question would be forgotten and the process would end as if nothing had been asked.
      const interrupt = () => {
        process.stderr.write('\n');
        reject(new InterruptedError('SIGINT'));
      };
      terminal.once('SIGINT', interrupt);
      terminal.once('close', interrupt);
      work(terminal).then((answer) => {
        terminal.off('close', interrupt);
        resolve(answer);
      }, reject);
    });
  } finally {
    terminal.close();
  }
}
