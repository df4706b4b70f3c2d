import type { Code } from '#pipelines/codes.js';
import type { Issue } from '#pipelines/issue.js';
import { shortenValue } from '#pipelines/mapping/cells.js';
import { compileTransforms } from '#pipelines/mapping/compile-field.js';
import { secretFields } from '#pipelines/mapping/fields.js';
import type { ColumnRule, ExpressionRule, Mapping } from '#pipelines/mapping/mapping.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import type { TypeName } from '#pipelines/mapping/types/cell-types.js';
import { hasTime } from '#pipelines/mapping/types/date.js';
import { type Cell, cellToText, type Row } from '#pipelines/model.js';
import { cellRules } from './cell-rules.js';
import {
  type ColumnIssue,
  type ColumnScan,
  isAffected,
  scanCurrencies,
  scanDateOrder,
  scanPhones,
  scanPostCodes,
} from './column-rules.js';
import type { CellRule, CellTrigger, ColumnCheck, ColumnUse, DamageGroup, DamageIssue } from './damage-issue.js';

/** The columns of the file, as the compiled mapping knows them. */
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

/** Chooses the checks of each column by its use in the mapping; columns that it does not use are not checked. */
export function chooseColumnChecks(
  mapping: Pick<Mapping, 'fields' | 'key'>,
  compiled: ColumnsByField,
  columns: readonly string[],
): readonly ColumnCheck[] {
  const checks = new Map<string, ColumnCheck>();
  for (const rule of mapping.fields) {
    if (rule.kind === 'constant') continue;
    const check = rule.kind === 'columns' ? buildColumnCheck(rule) : buildExpressionCheck(rule);
    for (const column of compiled.findColumns(rule.field)) checks.set(column, combineChecks(checks.get(column), check));
  }
  for (const column of compiled.keyColumns)
    checks.set(column, combineChecks(checks.get(column), { use: 'code', applyMapping: trimText }));
  return columns.map((column) => checks.get(column) ?? { use: 'unused' });
}

/** Only the expression itself knows what it does with a cell. */
function buildExpressionCheck({ field }: ExpressionRule): ColumnCheck {
  return { use: 'text', applyMapping: trimText, isSecret: secretFields.has(field) };
}

function buildColumnCheck(rule: ColumnRule): ColumnCheck {
  const isSecret = secretFields.has(rule.field);
  if (rule.transforms.length === 0 && keepsSpaces(rule)) return { use: findColumnUse(rule), isSecret };
  const hasNoTime = rule.type.name === 'date' && !rule.type.formats.some(hasTime);
  const transform = compileTransforms(rule.transforms);
  // Everything but plain text is trimmed.
  const trim = keepsSpaces(rule) ? (text: string) => text : trimText;
  return {
    use: findColumnUse(rule),
    applyMapping(text) {
      const applied = transform(text);
      if (typeof applied === 'string') return trim(applied);
      return 'text' in applied ? trim(applied.text) : text;
    },
    isSecret,
    ...(hasNoTime && { hasNoTime }),
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
  // A listed word or an error: there is nothing to guess.
  boolean: 'unused',
} as const satisfies Record<TypeName, ColumnUse>;

/** A column with two uses is checked for the more specific one. */
function combineChecks(first: ColumnCheck | undefined, second: ColumnCheck): ColumnCheck {
  if (first === undefined) return second;
  const isSecret = first.isSecret === true || second.isSecret === true;
  const chosen = first.use === 'text' || first.use === 'unused' ? second : first;
  return { ...chosen, isSecret };
}

/** The columns of an input and how to check them. */
export interface DamageDetectorOptions {
  readonly columns: readonly string[];
  /** In the order of `columns`. */
  readonly checks: readonly ColumnCheck[];
  /** A text that means "clear this value", and is not damage. */
  readonly nullToken?: string | undefined;
  /** Of telephone numbers that do not say theirs. */
  readonly country?: string | undefined;
}

/** Finds cells that a spreadsheet, an encoding or a truncation has damaged. Its memory does not grow with the rows. */
interface DamageDetector {
  /** The issues of single cells of a row. */
  inspect(row: Row): readonly DamageIssue[];
  /** Adds a row to the checks of whole columns. */
  scan(row: Row): void;
  /** The issues of whole columns, from all rows added. */
  listColumnIssues(): readonly ColumnIssue[];
  /** The issues of the cells of a row that column issues affect. */
  findAffected(row: Row, columnIssues: readonly ColumnIssue[]): readonly DamageIssue[];
}

interface ColumnPlan {
  readonly name: string;
  readonly position: number;
  readonly check: ColumnCheck;
  readonly rules: Readonly<Record<CellTrigger, readonly CellRule[]>>;
  readonly scan: ColumnScan | undefined;
}

const columnScans = {
  postcode: (column: string) => scanPostCodes(column),
  phone: scanPhones,
  // Where the mapping declares a date format, the order is decided; in a text column, dates are sent as they are.
  text: (column: string) => scanDateOrder(column),
  number: (column: string) => scanCurrencies(column),
} as const satisfies Partial<Record<ColumnUse, (column: string, country?: string) => ColumnScan>>;

const [hash, plus, minus, zero, nine] = [0x23, 0x2b, 0x2d, 0x30, 0x39];

const noIssues: readonly DamageIssue[] = [];

export function createDamageDetector({ columns, checks, nullToken, country }: DamageDetectorOptions): DamageDetector {
  const plans = columns.flatMap((name, position) =>
    buildPlan(name, position, checks[position] ?? { use: 'unused' }, country),
  );
  const scannedPlans = plans.filter(({ scan }) => scan !== undefined);
  const isEmpty = (cell: Cell | undefined): cell is undefined =>
    cell === undefined || cell === '' || (nullToken !== undefined && cellToText(cell) === nullToken);
  return {
    inspect(row) {
      // Cells of a row that does not fit its header may be in the wrong columns.
      if (row.issues !== undefined) return noIssues;
      const mayBeOdd = row.isPlain !== true;
      let issues: DamageIssue[] | undefined;
      for (const plan of plans) {
        const cell = row.cells[plan.position];
        if (!isEmpty(cell)) issues = inspectCell(plan, cell, mayBeOdd, issues);
      }
      return issues ?? noIssues;
    },
    scan(row) {
      if (row.issues !== undefined) return;
      for (const { position, scan, check } of scannedPlans) {
        const cell = row.cells[position];
        if (isEmpty(cell) || isStatedNumber(cell, check)) continue;
        scan?.add(applyColumnMapping(check, cellToText(cell)), row.number);
      }
    },
    listColumnIssues: () =>
      scannedPlans.flatMap(({ scan, check }) => (scan?.finish() ?? []).map(hideSecret(check.isSecret))),
    findAffected(row, columnIssues) {
      if (row.issues !== undefined) return noIssues;
      return columnIssues.flatMap((columnIssue) => {
        const plan = plans.find(({ name }) => name === columnIssue.columns[0]);
        const cell = plan === undefined ? undefined : row.cells[plan.position];
        if (plan === undefined || isEmpty(cell)) return [];
        const text = cellToText(cell);
        return isAffected(columnIssue, applyColumnMapping(plan.check, text))
          ? [buildDamageIssue(columnIssue, columnIssue, plan, text)]
          : [];
      });
    },
  };
}

function buildPlan(name: string, position: number, check: ColumnCheck, country: string | undefined): ColumnPlan[] {
  const { use } = check;
  if (use === 'unused') return [];
  const applicable = cellRules.filter(({ uses }) => uses.has(use));
  const rulesFor = (wanted: CellTrigger) => applicable.filter(({ trigger }) => trigger === wanted);
  const scan = use in columnScans ? columnScans[use as keyof typeof columnScans](name, country) : undefined;
  const rules = { odd: rulesFor('odd'), number: rulesFor('number'), hash: rulesFor('hash'), typed: rulesFor('typed') };
  return [{ name, position, check, rules, scan }];
}

/** Whether a workbook states the number that is wanted, whatever its format shows; to ask for its text takes time. */
function isStatedNumber(cell: Cell, { use }: ColumnCheck): boolean {
  return typeof cell !== 'string' && cell.kind === 'number' && use === 'number';
}

function applyColumnMapping({ applyMapping }: ColumnCheck, text: string): string {
  return applyMapping === undefined ? text : applyMapping(text);
}

function hideSecret(isSecret: boolean | undefined): (issue: ColumnIssue) => ColumnIssue {
  return (issue) => {
    if (isSecret !== true) return issue;
    const { value: _secret, ...rest } = issue;
    return rest;
  };
}

/** Without closures and with cheap tests first, since it runs for every cell of the file. */
function inspectCell(
  plan: ColumnPlan,
  cell: Cell,
  mayBeOdd: boolean,
  before: DamageIssue[] | undefined,
): DamageIssue[] | undefined {
  if (isStatedNumber(cell, plan.check)) return before;
  const text = cellToText(cell);
  let issues = before;
  if (typeof cell !== 'string') {
    issues = applyRules(plan.rules.typed, plan, text, cell, issues);
    // Where the file itself says that a cell is an error or a date, its text need not be examined.
    if (cell.kind === 'error' || cell.kind === 'date') return issues;
  }
  const first = text.charCodeAt(0);
  if (first <= nine) {
    if (first >= zero || first === plus || first === minus)
      issues = applyRules(plan.rules.number, plan, text, cell, issues);
    else if (first === hash) issues = applyRules(plan.rules.hash, plan, text, cell, issues);
  }
  if (mayBeOdd && hasOddCharacter(text)) issues = applyRules(plan.rules.odd, plan, text, cell, issues);
  return issues;
}

function applyRules(
  rules: readonly CellRule[],
  plan: ColumnPlan,
  text: string,
  cell: Cell,
  before: DamageIssue[] | undefined,
): DamageIssue[] | undefined {
  let issues = before;
  for (const rule of rules) {
    const examined = rule.isFixableByMapping === true ? applyColumnMapping(plan.check, text) : text;
    const result = rule.check(examined, cell, plan.check);
    if (result === undefined) continue;
    issues ??= [];
    issues.push(buildDamageIssue(rule, result, plan, text));
  }
  return issues;
}

function buildDamageIssue(
  { code, isNotice }: { readonly code: Code; readonly isNotice?: true },
  { message, suggestion, meant }: { readonly message: string; readonly suggestion: string; readonly meant?: string },
  { name, check }: ColumnPlan,
  text: string,
): DamageIssue {
  const columns = [name];
  const severity = isNotice === true ? 'info' : 'warning';
  if (check.isSecret === true) return { severity, code, message, nextStep: suggestion, columns };
  const better = meant === undefined ? '' : `It probably means "${shortenValue(meant)}". `;
  return { severity, code, message, nextStep: better + suggestion, columns, value: shortenValue(text) };
}

function hasOddCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7e) return true;
  return false;
}

const maxRowsNamed = 5;

/** Groups issues by kind and column while rows are added. */
class DamageRegister {
  readonly #groups = new Map<string, DamageGroup & { count: number; readonly rows: number[] }>();

  add(row: number, issues: readonly DamageIssue[]): void {
    for (const { code, columns = [], message, nextStep: suggestion, value } of issues) {
      const name = `${code} ${columns.join()}`;
      const known = this.#groups.get(name);
      if (known === undefined) {
        const example = value === undefined ? {} : { value };
        this.#groups.set(name, { code, columns, count: 1, rows: [row], message, suggestion, ...example });
        continue;
      }
      known.count += 1;
      if (known.rows.length < maxRowsNamed && known.rows.at(-1) !== row) known.rows.push(row);
    }
  }

  /** In the order of their first rows. */
  groups(): readonly DamageGroup[] {
    return [...this.#groups.values()];
  }
}

/** Examines an input while it is read. */
interface DamageScan {
  /** @param isCustomer - the cells of another row are not examined */
  add(row: Row, isCustomer?: boolean): void;
  /** The result, after the last row. */
  report(): DamageReport;
}

export interface DamageReport {
  readonly findings: readonly DamageGroup[];
  /** The issues of whole columns, for {@link createCellCheck}; the findings include them. */
  readonly columnIssues: readonly ColumnIssue[];
  readonly checkRow: CheckCells;
}

/** The issues of one row: those of its cells, and those of whole columns that affect them. */
type CheckCells = (row: Row) => readonly Issue[];

/** The maximum rows of a sheet in old and new Excel; the rest is dropped. */
const sheetRows: ReadonlySet<number> = new Set([65_536, 1_048_576]);

export function startDamageScan(options: DamageDetectorOptions): DamageScan {
  const detector = createDamageDetector(options);
  const register = new DamageRegister();
  let rows = 0;
  let lastNumber = 0;
  return {
    add(row, isCustomer = true) {
      rows += 1;
      lastNumber = row.number;
      if (!isCustomer) return;
      register.add(row.number, detector.inspect(row));
      detector.scan(row);
    },
    report() {
      const columnIssues = detector.listColumnIssues();
      const columnGroups = columnIssues.map(({ usualLength: _, ...group }) => group);
      return {
        columnIssues,
        checkRow: buildCellCheck(detector, columnIssues),
        findings: [...register.groups(), ...columnGroups, ...detectTruncation(rows, lastNumber)],
      };
    },
  };
}

/** Makes the check of the rows of an input that was examined before. */
export function createCellCheck(options: DamageDetectorOptions, columnIssues: readonly ColumnIssue[]): CheckCells {
  return buildCellCheck(createDamageDetector(options), columnIssues);
}

function buildCellCheck(detector: DamageDetector, columnIssues: readonly ColumnIssue[]): CheckCells {
  return (row) =>
    [...detector.inspect(row), ...detector.findAffected(row, columnIssues)]
      .filter(({ severity }) => severity !== 'info')
      .map(toReason);
}

function toReason({ nextStep, message, columns = [], value, code }: DamageIssue): Issue {
  const subject = `${columns.join(' + ')}${value === undefined ? '' : ` "${value}"`}`;
  const shownValue = value === undefined ? {} : { value };
  return { severity: 'error', code, message: `${subject}: ${message} ${nextStep}`, columns, ...shownValue };
}

function detectTruncation(rows: number, lastNumber: number): DamageGroup[] {
  const withHeader = rows + 1;
  const suspicious = [withHeader, lastNumber].find((count) => sheetRows.has(count));
  if (suspicious === undefined) return [];
  return [
    {
      code: 'LOOKS_TRUNCATED',
      columns: [],
      count: 1,
      rows: [lastNumber],
      message: `The input has exactly ${suspicious.toLocaleString('en')} rows, the maximum that a spreadsheet allows: further rows were probably dropped.`,
      suggestion: 'Export the data in several files, or directly from the system as CSV.',
    },
  ];
}
