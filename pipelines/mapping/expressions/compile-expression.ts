import type { Gathered } from '#pipelines/mapping/gather-cells.js';
import type { Failure } from '#pipelines/mapping/row-reason.js';
import type { Cell } from '#pipelines/row.js';
import { readExpression } from './columns-in.js';
import { loadJsonata } from './load-jsonata.js';

/** What one row's expression may spend. An honest one needs microseconds; the bounds stop slips that never end. */
const bounds = { timeout: 1000, stack: 200, sequence: 10_000 } as const;

/** The texts of a row by column, without a prototype: a column may be called "constructor". */
export type RowTexts = Readonly<Record<string, string>>;

export interface Expression {
  /** The columns that it names; more may be looked up by a name that it works out. */
  readonly columns: readonly string[];
  /** What it gives for a row: a cell, nothing, null, or why it cannot. */
  evaluate(row: RowTexts): Promise<Gathered>;
}

export type ExpressionCompilation =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Makes an expression ready for use. It sees its row and nothing else: no file, no network, no clock. */
export function compileExpression(text: string): ExpressionCompilation {
  try {
    const compiled = loadJsonata()(text, bounds);
    const { columns, faults } = readExpression(compiled.ast());
    if (faults.length > 0) return { ok: false, faults };
    return { ok: true, expression: { columns, evaluate: (row) => evaluate(compiled, row) } };
  } catch (error) {
    return { ok: false, faults: [syntaxFault(error)] };
  }
}

async function evaluate(
  compiled: { evaluate(input: undefined, bindings: object): Promise<unknown> },
  row: RowTexts,
): Promise<Gathered> {
  try {
    return resultCell(await compiled.evaluate(undefined, { row }));
  } catch (error) {
    return { code: 'EXPRESSION_FAILED', says: `makes the expression fail: ${messageOf(error)}` };
  }
}

function resultCell(value: unknown): Gathered {
  if (value === undefined || value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return { kind: 'number', text: String(value), value } satisfies Cell;
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value), value } satisfies Cell;
  return noSingleValue;
}

const noSingleValue: Failure = {
  code: 'EXPRESSION_FAILED',
  says: 'makes the expression give a list, an object or a function; make it give one text, number, or true or false',
};

function syntaxFault(error: unknown): string {
  const { position } = error as { readonly position?: number };
  const where = position === undefined ? '' : ` near sign ${position}`;
  return `The expression is not right${where}: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  const { message } = error as { readonly message?: string };
  return (message ?? String(error)).replace(/\.+$/, '');
}
