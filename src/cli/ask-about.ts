import type { Interface } from 'node:readline/promises';
import { customerFields } from '../../pipelines/mapping/customer-fields.js';
import { offerNames } from '../../pipelines/mapping/nearest-name.js';
import type { Choices, Question, Target } from '../../pipelines/mapping/suggest/suggestion.js';
import type { Ask } from '../library/mapping/suggest-mapping.js';

type Answer = (terminal: Interface, question: never, known: Choices) => Promise<Choices>;

/** Asks on the terminal what only the user knows; each thing once. */
export function askAbout(): Ask {
  const asked = new Set<string>();
  return async (questions, known) => {
    const open = questions.filter((question) => !asked.has(JSON.stringify(question)));
    if (open.length === 0) return known;
    const { createInterface } = await import('node:readline/promises');
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      let choices = known;
      for (const question of open) {
        asked.add(JSON.stringify(question));
        choices = await (answers[question.kind] as Answer)(terminal, question as never, choices);
      }
      return choices;
    } finally {
      terminal.close();
    }
  };
}

const answers = {
  target: askTarget,
  key: async (terminal, { column, why, samples }, known) => {
    const question = `"${column}" (${shown(samples)}) as the key that tells customers apart (${why})? [Y/n] `;
    const isNo = /^no?$/i.test((await terminal.question(question)).trim());
    return { ...known, key: isNo ? 'none' : { column } };
  },
  decimal: async (terminal, { column, samples }, known) => {
    const question = `"${column}" (${shown(samples)}): is "." or "," the decimal sign? [.] `;
    return { ...known, decimal: await choose(terminal, question, ['.', ','] as const) };
  },
  customColumns: async (terminal, { columns }, known) => {
    const names = columns.map((column) => `"${column}"`).join(', ');
    const question = `No field is meant for ${names}.\nKeep the first ten of them in your own columns cC_001 … ? [y/N] `;
    return { ...known, customColumns: /^y(es)?$/i.test((await terminal.question(question)).trim()) };
  },
  dateOrder: async (terminal, { columns, samples }, known) => {
    const names = columns.map((column) => `"${column}"`).join(', ');
    const question = `${names} (${shown(samples)}): does the day or the month come first? [day] `;
    return { ...known, dateOrder: await choose(terminal, question, ['day', 'month'] as const) };
  },
} satisfies {
  [Kind in Question['kind']]: (
    terminal: Interface,
    question: Extract<Question, { kind: Kind }>,
    known: Choices,
  ) => Promise<Choices>;
};

const otherTargets = ['key', 'customerCode', 'customerId'];

async function askTarget(
  terminal: Interface,
  { column, target, samples }: Extract<Question, { kind: 'target' }>,
  known: Choices,
): Promise<Choices> {
  const question = `"${column}" (${shown(samples)}): ${target}? [Y/n, or a field] `;
  for (;;) {
    const answer = (await terminal.question(question)).trim();
    if (answer === '' || /^y(es)?$/i.test(answer)) return decided(known, column, target);
    if (/^no?$/i.test(answer)) return decided(known, column, 'leave');
    const names = [...Object.keys(customerFields), ...otherTargets];
    const named = names.find((name) => name.toLowerCase() === answer.toLowerCase());
    if (named !== undefined) return decided(known, column, named as Target);
    terminal.write(`There is no field "${answer}"; ${offerNames(answer, names)}\n`);
  }
}

function decided(known: Choices, column: string, target: Target | 'leave'): Choices {
  return { ...known, targets: new Map([...(known.targets ?? []), [column, target]]) };
}

async function choose<Choice extends string>(
  terminal: Interface,
  question: string,
  choices: readonly [Choice, ...Choice[]],
): Promise<Choice> {
  for (;;) {
    const answer = (await terminal.question(question)).trim().toLowerCase();
    if (answer === '') return choices[0];
    const chosen = choices.find((choice) => choice === answer);
    if (chosen !== undefined) return chosen;
  }
}

function shown(samples: readonly string[]): string {
  return samples.length === 0 ? 'blank' : samples.join(' | ');
}
