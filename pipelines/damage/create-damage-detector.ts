import { type Cell, type Row, textOf } from '#pipelines/row.js';
import { cellRules } from './cell-rules.js';
import type { ColumnVerdict, ColumnWatch } from './column-watch.js';
import { watchDateOrder } from './date-order.js';
import { watchPhones, watchPostCodes } from './digit-lengths.js';
import { type CellLook, type CellRule, type ColumnLookout, type ColumnUse, type Finding, shown } from './finding.js';
import { isConcerned } from './is-concerned.js';

/** What the detector must know of the input. */
export interface DamageQuestion {
  readonly columns: readonly string[];
  /** In the order of `columns`. */
  readonly lookouts: readonly ColumnLookout[];
  /** A text that means "clear this value", and is no damage. */
  readonly nullToken?: string | undefined;
}

/** Looks for cells that a spreadsheet, an encoding or a cut spoilt. Memory does not grow with the rows. */
export interface DamageDetector {
  /** What is wrong with single cells of the row. */
  inspect(row: Row): readonly Finding[];
  /** Takes note of the row for what only whole columns tell. */
  watch(row: Row): void;
  /** What whole columns told, of the rows that were watched. */
  verdicts(): readonly ColumnVerdict[];
  /** The cells of a row that such verdicts concern. */
  concerned(row: Row, verdicts: readonly ColumnVerdict[]): readonly Finding[];
}

interface ColumnPlan {
  readonly name: string;
  readonly place: number;
  readonly lookout: ColumnLookout;
  readonly rules: Readonly<Record<CellLook, readonly CellRule[]>>;
  readonly watch: ColumnWatch | undefined;
}

const watchFor = {
  postcode: watchPostCodes,
  phone: watchPhones,
  // Where the mapping names a date's format, it has decided; elsewhere a date goes as it is, and nobody has.
  text: watchDateOrder,
} as const satisfies Partial<Record<ColumnUse, (column: string) => ColumnWatch>>;

const [hash, plus, minus, zero, nine] = [0x23, 0x2b, 0x2d, 0x30, 0x39];

const nothing: readonly Finding[] = [];

export function createDamageDetector({ columns, lookouts, nullToken }: DamageQuestion): DamageDetector {
  const plans = columns.flatMap((name, place) => planFor(name, place, lookouts[place] ?? { use: 'unused' }));
  const plansWatched = plans.filter(({ watch }) => watch !== undefined);
  const isNothing = (cell: Cell | undefined): cell is undefined =>
    cell === undefined || cell === '' || (nullToken !== undefined && textOf(cell) === nullToken);
  return {
    inspect(row) {
      // Cells of a row that does not fit its header may stand in the wrong columns.
      if (row.defects !== undefined) return nothing;
      const mayBeOdd = row.isPlain !== true;
      let findings: Finding[] | undefined;
      for (const plan of plans) {
        const cell = row.cells[plan.place];
        if (!isNothing(cell)) findings = inspectCell(plan, cell, mayBeOdd, findings);
      }
      return findings ?? nothing;
    },
    watch(row) {
      if (row.defects !== undefined) return;
      for (const { place, watch, lookout } of plansWatched) {
        const cell = row.cells[place];
        if (!isNothing(cell)) watch?.see(behindMapping(lookout, textOf(cell)), row.number);
      }
    },
    verdicts: () => plansWatched.flatMap(({ watch, lookout }) => (watch?.finish() ?? []).map(unless(lookout.isSecret))),
    concerned(row, verdicts) {
      if (row.defects !== undefined) return nothing;
      return verdicts.flatMap((verdict) => {
        const plan = plans.find(({ name }) => name === verdict.columns[0]);
        const cell = plan === undefined ? undefined : row.cells[plan.place];
        if (plan === undefined || isNothing(cell)) return [];
        const text = textOf(cell);
        return isConcerned(verdict, behindMapping(plan.lookout, text)) ? [findingOf(verdict, verdict, plan, text)] : [];
      });
    },
  };
}

function planFor(name: string, place: number, lookout: ColumnLookout): ColumnPlan[] {
  const { use } = lookout;
  if (use === 'unused') return [];
  const applicable = cellRules.filter(({ uses }) => uses.has(use));
  const rulesFor = (look: CellLook) => applicable.filter(({ looksAt }) => looksAt === look);
  const watch = use in watchFor ? watchFor[use as keyof typeof watchFor](name) : undefined;
  const rules = { odd: rulesFor('odd'), number: rulesFor('number'), hash: rulesFor('hash'), typed: rulesFor('typed') };
  return [{ name, place, lookout, rules, watch }];
}

function behindMapping({ mended }: ColumnLookout, text: string): string {
  return mended === undefined ? text : mended(text);
}

function unless(isSecret: boolean | undefined): (verdict: ColumnVerdict) => ColumnVerdict {
  return (verdict) => {
    if (isSecret !== true) return verdict;
    const { value: _secret, ...rest } = verdict;
    return rest;
  };
}

/** Written without closures and with cheap looks first: it runs for every cell of the file. */
function inspectCell(
  plan: ColumnPlan,
  cell: Cell,
  mayBeOdd: boolean,
  before: Finding[] | undefined,
): Finding[] | undefined {
  const text = typeof cell === 'string' ? cell : cell.text;
  let findings = before;
  if (typeof cell !== 'string') {
    findings = applyRules(plan.rules.typed, plan, text, cell, findings);
    // What the file itself calls an error or a date needs no guess by its text.
    if (cell.kind === 'error' || cell.kind === 'date') return findings;
  }
  const first = text.charCodeAt(0);
  if (first <= nine) {
    if (first >= zero || first === plus || first === minus)
      findings = applyRules(plan.rules.number, plan, text, cell, findings);
    else if (first === hash) findings = applyRules(plan.rules.hash, plan, text, cell, findings);
  }
  if (mayBeOdd && hasOddCharacter(text)) findings = applyRules(plan.rules.odd, plan, text, cell, findings);
  return findings;
}

function applyRules(
  rules: readonly CellRule[],
  plan: ColumnPlan,
  text: string,
  cell: Cell,
  before: Finding[] | undefined,
): Finding[] | undefined {
  let findings = before;
  for (const rule of rules) {
    const verdict = rule.judge(rule.isMendable === true ? behindMapping(plan.lookout, text) : text, cell);
    if (verdict === undefined) continue;
    findings ??= [];
    findings.push(findingOf(rule, verdict, plan, text));
  }
  return findings;
}

function findingOf(
  { code }: { readonly code: string },
  { message, suggestion, meant }: { readonly message: string; readonly suggestion: string; readonly meant?: string },
  { name, lookout }: ColumnPlan,
  text: string,
): Finding {
  const columns = [name];
  if (lookout.isSecret === true) return { code, message, suggestion, columns };
  const better = meant === undefined ? '' : `It probably means "${shown(meant)}". `;
  return { code, message, suggestion: better + suggestion, columns, value: shown(text) };
}

function hasOddCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7e) return true;
  return false;
}
