import type jsonata from 'jsonata';
import { patternFault } from '#pipelines/mapping/pattern-fault.js';

/** The name under which an expression finds its row. */
const rowVariable = 'row';

/**
 * Functions that would give a row another value each time (then no re-run could tell that nothing changed, nor a
 * doubtful customer be found by what was sent), or that run a cell's text as code.
 */
const refusedFunctions: ReadonlySet<unknown> = new Set(['now', 'millis', 'random', 'shuffle', 'eval']);

export interface ExpressionReading {
  /** Columns that the expression names after `$row.`, each once. */
  readonly columns: readonly string[];
  /** What is wrong with it, as whole sentences. */
  readonly faults: readonly string[];
}

type Node = Readonly<Record<string, unknown>>;

/** Looks through an expression: which columns it names, and what it must not do. */
export function readExpression(ast: jsonata.ExprNode): ExpressionReading {
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
      faults.add(`$${node.value} cannot be used: a row must give the same each time, and no cell is run as code`);
    if (node.type === 'path') visitPath(node, hasContext);
    else for (const part of Object.values(node)) visit(part, hasContext);
  }

  /** The bounds of an evaluation are looked at between its steps, and a pattern is one step. */
  function visitPattern({ source }: RegExp): void {
    const fault = patternFault(source);
    if (fault !== undefined) faults.add(fault);
  }

  /** Only the first step is read in the context around it; the others have the one before as theirs. */
  function visitPath(path: Node, hasContext: boolean): void {
    const [first, second, ...rest] = (path.steps ?? []) as readonly Node[];
    if (first?.type === 'name' && !hasContext)
      faults.add(`"${first.value}" stands alone; a column is written $row.${quotedName(String(first.value))}`);
    if (isRow(first) && second?.type === 'name') columns.add(String(second.value));
    visit(first, hasContext);
    visit([second, ...rest], true);
    visit(path.group, true);
  }
}

function isRow(node: Node | undefined): boolean {
  return node?.type === 'variable' && node.value === rowVariable;
}

function quotedName(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name}\``;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
