import { createRequire } from 'node:module';
import type jsonata from 'jsonata';
import type { Cell } from '#pipelines/model.js';
import { type CellFailure, cellToCalculate, type GatheredCell, gatherCell, isFailure } from './cells.js';
import { compilePattern, type Pattern } from './pattern.js';

const require = createRequire(import.meta.url);

/** Loads JSONata when the first expression needs it: loading takes time, and most mappings have no expression. */
function loadJsonata(): typeof jsonata {
  return require('jsonata') as typeof jsonata;
}

/** The name under which an expression finds its row. */
const rowVariable = 'row';

/**
 * Functions whose result differs each time (a repeated import could not tell that nothing changed, nor find a customer in
 * doubt by its values), or that run a cell's text as code.
 */
const refusedFunctions: ReadonlySet<unknown> = new Set(['now', 'millis', 'random', 'shuffle', 'eval']);

interface ExpressionInspection {
  /** Columns that the expression names after `$row.`, each once. */
  readonly columns: readonly string[];
  /** What is wrong with it, as whole sentences. */
  readonly faults: readonly string[];
}

type Node = Readonly<Record<string, unknown>>;

/** Finds the columns that an expression names, and everything that it must not do. */
function inspectExpression(ast: jsonata.ExprNode): ExpressionInspection {
  const columns = new Set<string>();
  const faults = new Set<string>();
  visit(ast, false);
  return { columns: [...columns], faults: [...faults] };

  function visit(value: unknown, hasContext: boolean): void {
    if (Array.isArray(value)) for (const item of value) visit(item, hasContext);
    if (value instanceof RegExp) visitPattern(value);
    else if (isNode(value)) visitNode(value, hasContext);
  }

  function visitNode(node: Node, hasContext: boolean): void {
    if (node.type === 'variable' && refusedFunctions.has(node.value))
      faults.add(
        `$${node.value} cannot be used: a row must always produce the same result, and cells are never run as code`,
      );
    if (node.type === 'path') visitPath(node, hasContext);
    else for (const part of Object.values(node)) visit(part, hasContext);
  }

  function visitPattern(pattern: RegExp): void {
    const compilation = compilePattern(pattern.source, pattern);
    if (!compilation.ok) faults.add(compilation.fault);
  }

  /** Only the first step is evaluated in the outer context; every other one in the result of the step before. */
  function visitPath(path: Node, hasContext: boolean): void {
    const [first, second, ...rest] = (path.steps ?? []) as readonly Node[];
    if (first?.type === 'name' && !hasContext)
      faults.add(`"${first.value}" is not a column; write $row.${quoteName(String(first.value))}`);
    if (isRow(first) && second?.type === 'name') columns.add(String(second.value));
    visit(first, hasContext);
    visit([second, ...rest], true);
    visit(path.group, true);
  }
}

function isRow(node: Node | undefined): boolean {
  return node?.type === 'variable' && node.value === rowVariable;
}

function quoteName(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name}\``;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The limits of one evaluation. A normal one takes microseconds; the limits stop those that would never end. */
const expressionLimits = { timeout: 1000, stack: 200, sequence: 10_000 } as const;

/** A function of JSONata as it is kept in a variable. */
interface BuiltIn {
  readonly implementation: (this: unknown, ...args: unknown[]) => unknown;
}

/** Functions that do much in one step, and the numbers that they get too large from: a cell must not choose the work. */
const workLimits: Readonly<Record<string, { readonly max: number; measure(args: readonly unknown[]): number }>> = {
  pad: { max: 32_767, measure: ([, width]) => Math.abs(Number(width)) },
  // A list of 32,767 takes JSONata ten seconds.
  sort: { max: 2000, measure: ([list]) => (Array.isArray(list) ? list.length : 1) },
};

let limitedFunctions: Promise<Readonly<Record<string, BuiltIn>>> | undefined;

/** The same functions of JSONata, which fail when they would do too much. */
function loadLimitedFunctions(): Promise<Readonly<Record<string, BuiltIn>>> {
  limitedFunctions ??= limitFunctions();
  return limitedFunctions;
}

async function limitFunctions(): Promise<Readonly<Record<string, BuiltIn>>> {
  const limited: Record<string, BuiltIn> = {};
  for (const [name, { max, measure }] of Object.entries(workLimits)) {
    const builtIn: BuiltIn = await loadJsonata()(`$${name}`).evaluate(undefined);
    limited[name] = {
      ...builtIn,
      implementation(...args) {
        if (measure(args) > max) throw new Error(`$${name} works with at most ${max}`);
        return builtIn.implementation.apply(this, args);
      },
    };
  }
  return limited;
}

const preparedPatterns = new WeakMap<RegExp, Pattern>();

/**
 * What JSONata uses of a regular expression, in linear time for every text. JSONata makes one for each use in a row, so its
 * matches together have the time of an evaluation, which JSONata itself looks at between its steps only.
 */
class LinearRegExp {
  lastIndex = 0;
  readonly #pattern: Pattern;
  readonly #startedMs = performance.now();

  constructor(expression: RegExp) {
    this.#pattern = preparedPatterns.get(expression) ?? preparePattern(expression);
  }

  exec(text: string): ((string | undefined)[] & { readonly index: number }) | null {
    if (performance.now() - this.#startedMs > expressionLimits.timeout)
      throw new Error('Its pattern matches too often in this text');
    const match = this.#pattern.find(text, this.lastIndex);
    if (match === undefined) return null;
    this.lastIndex = match.end;
    return Object.assign([...match.groups], { index: match.start });
  }
}

/** A pattern that the inspection of the expression has accepted. */
function preparePattern(expression: RegExp): Pattern {
  const compilation = compilePattern(expression.source, expression);
  if (!compilation.ok) throw new TypeError(compilation.fault);
  preparedPatterns.set(expression, compilation.pattern);
  return compilation.pattern;
}

/** The texts of a row by column, without a prototype: a column may be called "constructor". */
type RowTexts = Readonly<Record<string, string>>;

interface Expression {
  /** The columns that it names; it may look up others by a computed name. */
  readonly columns: readonly string[];
  /** The result for a row: a cell, nothing, null, or a failure. */
  evaluate(row: RowTexts): Promise<GatheredCell>;
}

type ExpressionCompilation =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Makes an expression ready for use. It has access to its row and nothing else: no file, no network, no clock. */
export function compileExpression(text: string): ExpressionCompilation {
  try {
    // JSONata uses `exec` and `lastIndex` only.
    const RegexEngine = LinearRegExp as unknown as RegExpConstructor;
    const compiled = loadJsonata()(text, { ...expressionLimits, RegexEngine });
    const { columns, faults } = inspectExpression(compiled.ast());
    if (faults.length > 0) return { ok: false, faults };
    return { ok: true, expression: { columns, evaluate: (row) => evaluateExpression(compiled, row) } };
  } catch (error) {
    return { ok: false, faults: [describeSyntaxError(error)] };
  }
}

async function evaluateExpression(
  compiled: { evaluate(input: undefined, bindings: object): Promise<unknown> },
  row: RowTexts,
): Promise<GatheredCell> {
  try {
    return toResultCell(await compiled.evaluate(undefined, { row, ...(await loadLimitedFunctions()) }));
  } catch (error) {
    return { code: 'EXPRESSION_FAILED', says: `makes the expression fail: ${readErrorMessage(error)}` };
  }
}

function toResultCell(value: unknown): GatheredCell {
  if (value === undefined || value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return { kind: 'number', text: String(value), value } satisfies Cell;
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value), value } satisfies Cell;
  return notASingleValue;
}

const notASingleValue: CellFailure = {
  code: 'EXPRESSION_FAILED',
  says: 'makes the expression return a list, an object or a function; it must return one text, one number, or true or false',
};

function describeSyntaxError(error: unknown): string {
  const { position } = error as { readonly position?: number };
  const where = position === undefined ? '' : ` near character ${position}`;
  return `The expression is not valid${where}: ${readErrorMessage(error)}`;
}

function readErrorMessage(error: unknown): string {
  const { message } = error as { readonly message?: string };
  return (message ?? String(error)).replace(/\.+$/, '');
}

/** An expression with the positions of its columns in the file. */
export interface PlacedExpression {
  readonly expression: Expression;
  /** By the names that the expression uses, which may differ from the spelling in the file. */
  readonly positions: ReadonlyMap<string, number>;
}

/** Evaluates all expressions of a mapping for one row, in their order. */
export async function computeRow(
  expressions: readonly PlacedExpression[],
  columns: readonly string[],
  cells: readonly Cell[],
  nullToken: string | undefined,
): Promise<readonly GatheredCell[]> {
  const gathered = columns.map((_, position) => gatherCell(cells[position], nullToken));
  const texts: readonly string[] = gathered.map((cell) => (isFailure(cell) ? '' : cellToCalculate(cell)));
  const row: Record<string, string> = Object.create(null);
  columns.forEach((column, position) => {
    row[column] = texts[position] ?? '';
  });
  const results: GatheredCell[] = [];
  for (const { expression, positions } of expressions)
    results.push(
      findFailedCell(positions, gathered) ?? (await expression.evaluate(buildRowTexts(positions, texts, row))),
    );
  return results;
}

function findFailedCell(positions: ReadonlyMap<string, number>, gathered: readonly GatheredCell[]): GatheredCell {
  return [...positions.values()].map((position) => gathered[position]).find(isFailure);
}

function buildRowTexts(positions: ReadonlyMap<string, number>, texts: readonly string[], row: RowTexts): RowTexts {
  const named = Object.assign(Object.create(null) as Record<string, string>, row);
  for (const [name, position] of positions) named[name] = texts[position] ?? '';
  return named;
}
