import { formatCount } from '#pipelines/format-count.js';
import { showLine } from '#pipelines/visible-text.js';
import type { PlanLine, PlanSummary } from '#src/app/plan/plan-file.js';
import { formatDuration } from '#src/cli/progress.js';
import { renderAbsent, renderProblems, renderStop } from './summary.js';

const actionLabels = {
  add: 'would be added',
  update: 'would be updated',
  delete: 'would be deleted',
  unchanged: 'unchanged: no call',
  duplicate: 'the same as another row or customer',
  skip: 'left out',
  invalid: 'invalid: never sent',
  rejected: 'would be rejected by the API',
} as const satisfies PlanSummary['counts'] extends Readonly<Record<infer Action, number>>
  ? Record<Action & string, string>
  : never;

/** Rows shown one by one; the rest is in the file. */
export const maxRowsShown = 20;

/** A plan, for people, of a summary that has no rows but those to show. */
export function renderPlan(plan: PlanSummary): string {
  const counts = Object.entries(actionLabels).flatMap(([action, what]) => {
    const count = plan.counts[action as keyof typeof actionLabels];
    return count === 0 ? [] : [`  ${String(count).padStart(7)} ${what}`];
  });
  const { add, update, delete: removed } = plan.counts;
  const sent = add + update + removed;
  const { calls, seconds, ratePerSecond } = plan.cost;
  const duration =
    ratePerSecond === null
      ? ''
      : `, about ${formatDuration(seconds)} at ${formatCount(ratePerSecond, 'request')} per second`;
  return [
    `plan ${plan.plan}: ${plan.input.file}, ${formatCount(plan.input.rows, 'row')}`,
    ...counts,
    ...plan.rows.map(renderRow),
    ...(sent > plan.rows.length ? [`  … and ${sent - plan.rows.length} more: see --output or --json`] : []),
    ...renderAbsent(plan.absent),
    ...renderKept(plan),
    ...renderProblems(plan.problems),
    ...(plan.strangers === null || plan.strangers === 0
      ? []
      : [`The account has ${formatCount(plan.strangers, 'customer')} that this state folder does not know.`]),
    `Cost: ${formatCount(calls, 'API call')}${duration}`,
    ...(plan.output === null ? [] : [`Plan: ${plan.output}`]),
    ...renderStop(plan),
    ...(sent === 0 || plan.stopped !== null ? [] : [`Next: mypos-customers import --plan ${plan.output ?? plan.plan}`]),
  ].join('\n');
}

const maxKeptShown = 10;

/** Fields that keep a value other than the file's, most frequent first. */
function renderKept({ kept, conflicts }: PlanSummary): string[] {
  const lines = kept
    .slice(0, maxKeptShown)
    .map(({ field, count, message }) => `  ${pad(count)} × ${field}: ${showLine(message)}`);
  const rest = kept.length - maxKeptShown;
  return [
    ...(lines.length === 0 ? [] : ['Kept, although the file differs:', ...lines]),
    ...(rest > 0 ? [`          and ${formatCount(rest, 'more field')}; see --output or --json`] : []),
    ...(conflicts === 0
      ? []
      : [`  ${pad(conflicts)} with a field that the file and the account have both changed (FIELD_CONFLICT)`]),
  ];
}

function pad(count: number): string {
  return String(count).padStart(7);
}

function renderRow({ row, action, key, customerCode, changes }: PlanLine): string {
  const who = [key === null ? undefined : `key ${key}`, customerCode ?? undefined].filter((text) => text !== undefined);
  const what = changes.map(({ field, from, to }) => `${field}: ${renderValue(from)} → ${renderValue(to)}`).join('; ');
  return `  row ${row}: ${action}${who.length === 0 ? '' : ` ${who.join(', ')}`}${what === '' ? '' : `  ${what}`}`;
}

function renderValue(value: unknown): string {
  return value === null || value === '' ? 'blank' : JSON.stringify(value);
}
