import { customerFields } from '#pipelines/mapping/fields.js';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import type { Choices, Question, Target } from '#pipelines/mapping/suggest/suggestion.js';
import { showLine } from '#pipelines/visible-text.js';
import type { Ask } from '#src/app/mapping/suggest-mapping.js';
import { ask, askChoice, askYesNo } from './ask.js';

type Answer = (question: never, known: Choices) => Promise<Choices>;

/** Asks on the terminal what only the user knows; each thing once. */
export function createMappingPrompt(): Ask {
  const asked = new Set<string>();
  return async (questions, known) => {
    const open = questions.filter((question) => !asked.has(JSON.stringify(question)));
    if (open.length === 0) return known;
    let choices = known;
    for (const question of open) {
      asked.add(JSON.stringify(question));
      choices = await (answers[question.kind] as Answer)(question as never, choices);
    }
    return choices;
  };
}

const answers = {
  target: askTarget,
  key: async ({ column, why, samples }, known) => {
    const question = `"${column}" (${renderSamples(samples)}) as the key that identifies customers (${why})?`;
    return { ...known, key: (await askYesNo(question, true)) ? { column } : 'none' };
  },
  decimal: async ({ column, samples }, known) => {
    const question = `"${column}" (${renderSamples(samples)}): is "." or "," the decimal sign? [.] `;
    return { ...known, decimal: await askChoice(question, ['.', ','] as const) };
  },
  customColumns: async ({ columns }, known) => {
    const names = columns.map((column) => `"${column}"`).join(', ');
    const question = `No field matches ${names}.\nKeep the first ten of them in the custom fields cC_001 … cC_010?`;
    return { ...known, customColumns: await askYesNo(question, false) };
  },
  dateOrder: async ({ columns, samples }, known) => {
    const names = columns.map((column) => `"${column}"`).join(', ');
    const question = `${names} (${renderSamples(samples)}): does the day or the month come first? [day] `;
    return { ...known, dateOrder: await askChoice(question, ['day', 'month'] as const) };
  },
} satisfies {
  [Kind in Question['kind']]: (question: Extract<Question, { kind: Kind }>, known: Choices) => Promise<Choices>;
};

const identityTargets = ['key', 'customerCode', 'customerId'];

async function askTarget(
  { column, target, samples }: Extract<Question, { kind: 'target' }>,
  known: Choices,
): Promise<Choices> {
  const question = `"${column}" (${renderSamples(samples)}): ${target}? [Y/n, or a field] `;
  for (;;) {
    const answer = (await ask(question)).trim();
    if (answer === '' || /^y(es)?$/i.test(answer)) return withTarget(known, column, target);
    if (/^no?$/i.test(answer)) return withTarget(known, column, 'leave');
    const names = [...Object.keys(customerFields), ...identityTargets];
    const named = names.find((name) => name.toLowerCase() === answer.toLowerCase());
    if (named !== undefined) return withTarget(known, column, named as Target);
    process.stderr.write(`${showLine(`There is no field "${answer}"; ${suggestNames(answer, names)}`)}\n`);
  }
}

function withTarget(known: Choices, column: string, target: Target | 'leave'): Choices {
  return { ...known, targets: new Map([...(known.targets ?? []), [column, target]]) };
}

function renderSamples(samples: readonly string[]): string {
  return samples.length === 0 ? 'blank' : samples.join(' | ');
}
