import type { PlanLine, PlanSummary } from '#src/library/plan-file.js';
import { duration } from './progress/progress-text.js';
import { renderProblems } from './render-summary.js';

const words = {
  add: 'would be added',
  update: 'would be updated',
  delete: 'would be deleted',
  unchanged: 'unchanged: no call',
  duplicate: 'say what another row or customer says',
  skip: 'left out',
  invalid: 'invalid: never sent',
  rejected: 'would be rejected by the API',
} as const satisfies PlanSummary['counts'] extends Readonly<Record<infer Action, number>>
  ? Record<Action & string, string>
  : never;

/** Rows shown one by one; the rest is in the file. */
export const mostRowsShown = 20;

/** A plan, for people, of a summary that has no rows but those to show. */
export function renderPlan(plan: PlanSummary): string {
  const counts = Object.entries(words).flatMap(([action, what]) => {
    const count = plan.counts[action as keyof typeof words];
    return count === 0 ? [] : [`  ${String(count).padStart(7)} ${what}`];
  });
  const { add, update, delete: removed } = plan.counts;
  const sent = add + update + removed;
  const { calls, seconds, ratePerSecond } = plan.cost;
  const pace = ratePerSecond === null ? '' : `, about ${duration(seconds)} at ${ratePerSecond} a second`;
  return [
    `plan ${plan.plan}: ${plan.input.file}, ${plan.input.rows} rows`,
    ...counts,
    ...plan.rows.map(rowText),
    ...(sent > plan.rows.length ? [`  … and ${sent - plan.rows.length} more: see --output or --json`] : []),
    ...renderProblems(plan.problems),
    `To apply it: ${calls} API calls${pace}`,
    ...(plan.output === null ? [] : [`Plan: ${plan.output}`]),
    ...(sent === 0 ? [] : [`Next: mypos-customers import --plan ${plan.output ?? plan.plan}`]),
  ].join('\n');
}

function rowText({ row, action, key, customerCode, changes }: PlanLine): string {
  const who = [key === null ? undefined : `key ${key}`, customerCode ?? undefined].filter((one) => one !== undefined);
  const what = changes.map(({ field, from, to }) => `${field}: ${shown(from)} → ${shown(to)}`).join('; ');
  return `  row ${row}: ${action}${who.length === 0 ? '' : ` ${who.join(', ')}`}${what === '' ? '' : `  ${what}`}`;
}

function shown(value: unknown): string {
  return value === null || value === '' ? 'blank' : JSON.stringify(value);
}
