import type { Code } from '#pipelines/codes.js';
import type { Issue } from '#pipelines/issue.js';
import { compileTransforms } from '#pipelines/mapping/compile-field.js';
import { secretFields } from '#pipelines/mapping/fields.js';
import type { ColumnRule, ExpressionRule, Mapping } from '#pipelines/mapping/mapping.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import type { TypeName } from '#pipelines/mapping/types/cell-types.js';
import { type Cell, cellToText, type Row } from '#pipelines/model.js';
import { cellRules } from './cell-rules.js';
import {
  type ColumnIssue,
  type ColumnScan,
  isAffected,
  scanDateOrder,
  scanPhones,
  scanPostCodes,
} from './column-rules.js';
import {
  type CellRule,
  type CellTrigger,
  type ColumnCheck,
  type ColumnUse,
  type DamageIssue,
  DamageRegister,
  type FindingGroup,
  shortenDamaged,
} from './damage-issue.js';

/** What the compiled mapping knows of the file's columns. */
interface ColumnsByField {
  readonly keyColumns: readonly string[];
  findColumns(field: string): readonly string[];
}

const usesByField: Readonly<Record<string, ColumnUse>> = {
  postalCode: 'postcode',
  phoneNumber: 'phone',
  faxNumber: 'phone',
  emailAddress: 'email',
  customerCode: 'code',
  customerId: 'code',
  rewardsNumber: 'code',
  bankSortCode: 'code',
  bankAccount: 'code',
};

/** What to look for in each column, by what the mapping makes of it; columns that it does not use are left alone. */
export function chooseColumnChecks(
  mapping: Pick<Mapping, 'fields' | 'key'>,
  compiled: ColumnsByField,
  columns: readonly string[],
): readonly ColumnCheck[] {
  const lookouts = new Map<string, ColumnCheck>();
  for (const rule of mapping.fields) {
    if (rule.kind === 'constant') continue;
    const lookout = rule.kind === 'columns' ? buildColumnCheck(rule) : buildExpressionCheck(rule);
    for (const column of compiled.findColumns(rule.field))
      lookouts.set(column, combineChecks(lookouts.get(column), lookout));
  }
  for (const column of compiled.keyColumns)
    lookouts.set(column, combineChecks(lookouts.get(column), { use: 'code', applyMapping: trimText }));
  return columns.map((column) => lookouts.get(column) ?? { use: 'unused' });
}

/** What a formula makes of a cell, only the formula knows. */
function buildExpressionCheck({ field }: ExpressionRule): ColumnCheck {
  return { use: 'text', applyMapping: trimText, isSecret: secretFields.has(field) };
}

function buildColumnCheck(rule: ColumnRule): ColumnCheck {
  const isSecret = secretFields.has(rule.field);
  if (rule.transforms.length === 0 && keepsSpaces(rule)) return { use: findColumnUse(rule), isSecret };
  const transform = compileTransforms(rule.transforms);
  // Everything but plain text loses the spaces at its ends.
  const trim = keepsSpaces(rule) ? (text: string) => text : trimText;
  return {
    use: findColumnUse(rule),
    applyMapping(text) {
      const applied = transform(text);
      if (typeof applied === 'string') return trim(applied);
      return 'text' in applied ? trim(applied.text) : text;
    },
    isSecret,
  };
}

function keepsSpaces({ type, lookup }: ColumnRule): boolean {
  return type.name === 'string' && lookup === undefined;
}

function findColumnUse({ field, type }: ColumnRule): ColumnUse {
  const use = usesByType[type.name];
  return use === 'text' ? (usesByField[field] ?? use) : use;
}

const usesByType = {
  string: 'text',
  number: 'number',
  integer: 'number',
  date: 'date',
  // Words that are listed, or an error: there is nothing to guess.
  boolean: 'unused',
} as const satisfies Record<TypeName, ColumnUse>;

/** A column of two uses is looked at for the one that is told more of. */
function combineChecks(one: ColumnCheck | undefined, other: ColumnCheck): ColumnCheck {
  if (one === undefined) return other;
  const isSecret = one.isSecret === true || other.isSecret === true;
  const chosen = one.use === 'text' || one.use === 'unused' ? other : one;
  return { ...chosen, isSecret };
}

/** What the detector must know of the input. */
export interface DamageDetectorOptions {
  readonly columns: readonly string[];
  /** In the order of `columns`. */
  readonly checks: readonly ColumnCheck[];
  /** A text that means "clear this value", and is no damage. */
  readonly nullToken?: string | undefined;
}

/** Looks for cells that a spreadsheet, an encoding or a cut spoilt. Memory does not grow with the rows. */
interface DamageDetector {
  /** What is wrong with single cells of the row. */
  inspect(row: Row): readonly DamageIssue[];
  /** Takes note of the row for what only whole columns tell. */
  scan(row: Row): void;
  /** What whole columns told, of the rows that were watched. */
  listColumnIssues(): readonly ColumnIssue[];
  /** The cells of a row that such verdicts concern. */
  findAffected(row: Row, verdicts: readonly ColumnIssue[]): readonly DamageIssue[];
}

interface ColumnPlan {
  readonly name: string;
  readonly place: number;
  readonly lookout: ColumnCheck;
  readonly rules: Readonly<Record<CellTrigger, readonly CellRule[]>>;
  readonly watch: ColumnScan | undefined;
}

const columnScans = {
  postcode: scanPostCodes,
  phone: scanPhones,
  // Where the mapping names a date's format, it has decided; elsewhere a date goes as it is, and nobody has.
  text: scanDateOrder,
} as const satisfies Partial<Record<ColumnUse, (column: string) => ColumnScan>>;

const [hash, plus, minus, zero, nine] = [0x23, 0x2b, 0x2d, 0x30, 0x39];

const noIssues: readonly DamageIssue[] = [];

export function createDamageDetector({ columns, checks: lookouts, nullToken }: DamageDetectorOptions): DamageDetector {
  const plans = columns.flatMap((name, place) => buildPlan(name, place, lookouts[place] ?? { use: 'unused' }));
  const plansWatched = plans.filter(({ watch }) => watch !== undefined);
  const isNothing = (cell: Cell | undefined): cell is undefined =>
    cell === undefined || cell === '' || (nullToken !== undefined && cellToText(cell) === nullToken);
  return {
    inspect(row) {
      // Cells of a row that does not fit its header may stand in the wrong columns.
      if (row.issues !== undefined) return noIssues;
      const mayBeOdd = row.isPlain !== true;
      let findings: DamageIssue[] | undefined;
      for (const plan of plans) {
        const cell = row.cells[plan.place];
        if (!isNothing(cell)) findings = inspectCell(plan, cell, mayBeOdd, findings);
      }
      return findings ?? noIssues;
    },
    scan(row) {
      if (row.issues !== undefined) return;
      for (const { place, watch, lookout } of plansWatched) {
        const cell = row.cells[place];
        if (!isNothing(cell)) watch?.add(applyColumnMapping(lookout, cellToText(cell)), row.number);
      }
    },
    listColumnIssues: () =>
      plansWatched.flatMap(({ watch, lookout }) => (watch?.finish() ?? []).map(hideSecret(lookout.isSecret))),
    findAffected(row, verdicts) {
      if (row.issues !== undefined) return noIssues;
      return verdicts.flatMap((verdict) => {
        const plan = plans.find(({ name }) => name === verdict.columns[0]);
        const cell = plan === undefined ? undefined : row.cells[plan.place];
        if (plan === undefined || isNothing(cell)) return [];
        const text = cellToText(cell);
        return isAffected(verdict, applyColumnMapping(plan.lookout, text))
          ? [buildDamageIssue(verdict, verdict, plan, text)]
          : [];
      });
    },
  };
}

function buildPlan(name: string, place: number, lookout: ColumnCheck): ColumnPlan[] {
  const { use } = lookout;
  if (use === 'unused') return [];
  const applicable = cellRules.filter(({ uses }) => uses.has(use));
  const rulesFor = (look: CellTrigger) => applicable.filter(({ trigger: looksAt }) => looksAt === look);
  const watch = use in columnScans ? columnScans[use as keyof typeof columnScans](name) : undefined;
  const rules = { odd: rulesFor('odd'), number: rulesFor('number'), hash: rulesFor('hash'), typed: rulesFor('typed') };
  return [{ name, place, lookout, rules, watch }];
}

function applyColumnMapping({ applyMapping: mended }: ColumnCheck, text: string): string {
  return mended === undefined ? text : mended(text);
}

function hideSecret(isSecret: boolean | undefined): (verdict: ColumnIssue) => ColumnIssue {
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
  before: DamageIssue[] | undefined,
): DamageIssue[] | undefined {
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
  before: DamageIssue[] | undefined,
): DamageIssue[] | undefined {
  let findings = before;
  for (const rule of rules) {
    const verdict = rule.check(rule.isFixableByMapping === true ? applyColumnMapping(plan.lookout, text) : text, cell);
    if (verdict === undefined) continue;
    findings ??= [];
    findings.push(buildDamageIssue(rule, verdict, plan, text));
  }
  return findings;
}

function buildDamageIssue(
  { code }: { readonly code: Code },
  { message, suggestion, meant }: { readonly message: string; readonly suggestion: string; readonly meant?: string },
  { name, lookout }: ColumnPlan,
  text: string,
): DamageIssue {
  const columns = [name];
  if (lookout.isSecret === true) return { severity: 'warning', code, message, nextStep: suggestion, columns };
  const better = meant === undefined ? '' : `It probably means "${shortenDamaged(meant)}". `;
  return { severity: 'warning', code, message, nextStep: better + suggestion, columns, value: shortenDamaged(text) };
}

function hasOddCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7e) return true;
  return false;
}

/** Looks at an input while it is read through. */
interface DamageScan {
  add(row: Row): void;
  /** What was found; to be asked after the last row. */
  report(): DamageReport;
}

export interface DamageReport {
  readonly findings: readonly FindingGroup[];
  /** What columns as a whole told, for {@link createCellCheck}; the findings tell of it, too. */
  readonly columnIssues: readonly ColumnIssue[];
  readonly checkRow: CheckCells;
}

/** What is wrong with cells of one row, told by the row itself or by its columns as a whole. */
type CheckCells = (row: Row) => readonly Issue[];

/** Rows of a sheet of old and of new Excel, beyond which it drops the rest. */
const sheetRows: ReadonlySet<number> = new Set([65_536, 1_048_576]);

export function startDamageScan(question: DamageDetectorOptions): DamageScan {
  const detector = createDamageDetector(question);
  const register = new DamageRegister();
  let rows = 0;
  let lastNumber = 0;
  return {
    add(row) {
      rows += 1;
      lastNumber = row.number;
      register.add(row.number, detector.inspect(row));
      detector.scan(row);
    },
    report() {
      const verdicts = detector.listColumnIssues();
      const ofColumns = verdicts.map(({ usualLength: _, ...group }) => group);
      return {
        ...{ columnIssues: verdicts, checkRow: buildCellCheck(detector, verdicts) },
        findings: [...register.groups(), ...ofColumns, ...detectTruncation(rows, lastNumber)],
      };
    },
  };
}

/** The judge of an input that was looked at before. */
export function createCellCheck(question: DamageDetectorOptions, verdicts: readonly ColumnIssue[]): CheckCells {
  return buildCellCheck(createDamageDetector(question), verdicts);
}

function buildCellCheck(detector: DamageDetector, verdicts: readonly ColumnIssue[]): CheckCells {
  return (row) => [...detector.inspect(row), ...detector.findAffected(row, verdicts)].map(toReason);
}

function toReason({ nextStep, message, columns = [], value, code }: DamageIssue): Issue {
  const subject = `${columns.join(' + ')}${value === undefined ? '' : ` "${value}"`}`;
  const given = value === undefined ? {} : { value };
  return { severity: 'error', code, message: `${subject}: ${message} ${nextStep}`, columns, ...given };
}

function detectTruncation(rows: number, lastNumber: number): FindingGroup[] {
  const withHeader = rows + 1;
  const suspicious = [withHeader, lastNumber].find((count) => sheetRows.has(count));
  if (suspicious === undefined) return [];
  return [
    {
      code: 'LOOKS_TRUNCATED',
      columns: [],
      count: 1,
      rows: [lastNumber],
      message: `The input has exactly ${suspicious.toLocaleString('en')} rows, as many as a sheet of a spreadsheet program holds: rows beyond were probably dropped.`,
      suggestion: 'Export the data in several files, or as CSV from the system itself.',
    },
  ];
}
