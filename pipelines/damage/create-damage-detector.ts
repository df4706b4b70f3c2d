import type { Notice } from '../ports.js';
import { type Cell, type Row, textOf } from '../row.js';
import { cellRules } from './cell-rules.js';
import type { ColumnWatch } from './column-watch.js';
import { watchDateOrder } from './date-order.js';
import { watchPhones, watchPostCodes } from './digit-lengths.js';
import { type CellLook, type CellRule, type ColumnUse, type Finding, shown } from './finding.js';

/** What the detector must know of the input. */
export interface DamageQuestion {
  readonly columns: readonly string[];
  /** What each column is for, in the order of `columns`; `undefined` is looked at as text. */
  readonly use: readonly (ColumnUse | undefined)[];
  /** A text that means "clear this value", and is no damage. */
  readonly nullToken?: string | undefined;
}

export interface DamageDetector {
  /** What is wrong with single cells of the row. Rows with defects are counted only: their cells may be shifted. */
  inspect(row: Row): readonly Finding[];
  /** What only whole columns, or the number of rows, tell. */
  finish(): readonly Notice[];
}

interface ColumnPlan {
  readonly name: string;
  readonly rules: Readonly<Record<CellLook, readonly CellRule[]>>;
  readonly watch: ColumnWatch | undefined;
}

const watchFor = {
  postcode: watchPostCodes,
  phone: watchPhones,
  date: watchDateOrder,
} as const satisfies Partial<Record<ColumnUse, (column: string) => ColumnWatch>>;

/** Rows of a sheet of old and of new Excel, beyond which it drops the rest. */
const sheetRows: ReadonlySet<number> = new Set([65_536, 1_048_576]);

const [hash, plus, minus, zero, nine] = [0x23, 0x2b, 0x2d, 0x30, 0x39];

const nothing: readonly Finding[] = [];

/** Looks for cells that a spreadsheet, an encoding or a cut spoilt. Memory does not grow with the rows. */
export function createDamageDetector({ columns, use, nullToken }: DamageQuestion): DamageDetector {
  const plans = columns.map((name, place) => planFor(name, use[place]));
  let rows = 0;
  let lastNumber = 0;
  return {
    inspect(row) {
      rows += 1;
      lastNumber = row.number;
      if (row.defects !== undefined) return nothing;
      let findings: Finding[] | undefined;
      for (let place = 0; place < plans.length; place += 1) {
        const plan = plans[place];
        const cell = row.cells[place];
        if (plan === undefined || cell === undefined || cell === '' || cell === nullToken) continue;
        plan.watch?.see(textOf(cell), row.number);
        const found = inspectCell(plan, cell);
        if (found !== undefined) findings = [...(findings ?? []), ...found];
      }
      return findings ?? nothing;
    },
    finish: () => [...plans.flatMap(({ watch }) => watch?.finish() ?? []), ...truncation(rows, lastNumber)],
  };
}

function planFor(name: string, use: ColumnUse | undefined): ColumnPlan {
  const applicable = cellRules.filter(({ uses }) => uses.has(use ?? 'text'));
  const rulesFor = (look: CellLook) => applicable.filter(({ looksAt }) => looksAt === look);
  const watch = use !== undefined && use in watchFor ? watchFor[use as keyof typeof watchFor](name) : undefined;
  return {
    name,
    rules: { odd: rulesFor('odd'), number: rulesFor('number'), hash: rulesFor('hash'), typed: rulesFor('typed') },
    watch,
  };
}

/** Written without closures and with cheap looks first: it runs for every cell of the file. */
function inspectCell(plan: ColumnPlan, cell: Cell): Finding[] | undefined {
  const text = typeof cell === 'string' ? cell : cell.text;
  let findings: Finding[] | undefined;
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
  if (hasOddCharacter(text)) findings = applyRules(plan.rules.odd, plan, text, cell, findings);
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
    const verdict = rule.judge(text, cell);
    if (verdict === undefined) continue;
    findings ??= [];
    findings.push({ code: rule.code, ...verdict, columns: [plan.name], value: shown(text) });
  }
  return findings;
}

function hasOddCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7e) return true;
  return false;
}

function truncation(rows: number, lastNumber: number): Notice[] {
  const withHeader = rows + 1;
  const suspicious = [withHeader, lastNumber].find((count) => sheetRows.has(count));
  if (suspicious === undefined) return [];
  return [
    {
      code: 'LOOKS_TRUNCATED',
      message:
        `The input ends at row ${suspicious}, where sheets of a spreadsheet program end: rows beyond it were ` +
        'probably dropped. Export the data in several files, or as CSV from the system itself.',
      row: lastNumber,
    },
  ];
}
