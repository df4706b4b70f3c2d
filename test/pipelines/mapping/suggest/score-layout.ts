import type { MappingJson, RuleJson } from '#pipelines/mapping/suggest/suggestion.js';

/** What a person makes of the columns of an export. */
export interface LayoutAnswer {
  /** The column of the key. */
  readonly key: string | null;
  /** The field of each column; null for columns that are left out. */
  readonly columns: Readonly<Record<string, string | null>>;
  /** What is right, too, by column; `key` has other columns for the key. */
  readonly alsoRight?: Readonly<Record<string, readonly (string | null)[]>>;
}

/** How a proposed mapping compares with the answer. */
export interface LayoutScore {
  /** Columns that have a field or are the key, and got a right one. */
  readonly right: readonly string[];
  /** Columns with a field that is not theirs, as "column → field". */
  readonly wrong: readonly string[];
  /** Columns that have a field and got none. */
  readonly missed: readonly string[];
}

/** Compares a mapping with the answer, column by column. */
export function scoreLayout(answer: LayoutAnswer, mapping: MappingJson): LayoutScore {
  const right: string[] = [];
  const wrong: string[] = [];
  const missed: string[] = [];
  for (const [column, expected] of Object.entries(answer.columns)) {
    const others = answer.alsoRight?.[column] ?? [];
    const targets = findTargets(mapping, column);
    const allowed = withBothHalves([expected, ...others]);
    if (targets.length === 0) {
      if (expected !== null && !others.includes(null)) missed.push(`${column} (${expected})`);
    } else if (targets.every((target) => allowed.includes(target))) right.push(column);
    else wrong.push(`${column} → ${targets.join(', ')}`);
  }
  const keys = [answer.key, ...(answer.alsoRight?.key ?? [])];
  const key = mapping.key?.column ?? null;
  if (key === null && answer.key !== null) missed.push(`${answer.key} (key)`);
  else if (key !== null && keys.includes(key)) right.push(`${key} (key)`);
  else if (key !== null) wrong.push(`${key} → key`);
  return { right, wrong, missed };
}

/** A column with the name of a person fills both names. */
function withBothHalves(targets: readonly (string | null)[]): readonly (string | null)[] {
  const hasName = targets.includes('firstName') || targets.includes('lastName');
  return hasName ? [...targets, 'firstName', 'lastName'] : targets;
}

function findTargets({ fields }: MappingJson, column: string): readonly string[] {
  return Object.entries(fields).flatMap(([field, rule]) => (listColumns(rule).includes(column) ? [field] : []));
}

function listColumns(rule: RuleJson): readonly string[] {
  if (typeof rule === 'string') return [rule];
  const { column, columns } = rule as { readonly column?: string; readonly columns?: readonly string[] };
  return columns ?? (column === undefined ? [] : [column]);
}

/** Of all proposals, how many are right; of all columns that have a field, how many got it. */
export function sumScores(scores: readonly LayoutScore[]): { readonly precision: number; readonly recall: number } {
  const count = (list: keyof LayoutScore) => scores.reduce((sum, score) => sum + score[list].length, 0);
  const right = count('right');
  return { precision: right / (right + count('wrong')), recall: right / (right + count('missed')) };
}

/** The scores as lines of a table, with what is wrong and what is missed. */
export function renderScores(scores: ReadonlyMap<string, LayoutScore>): string {
  const lines = [...scores].flatMap(([name, { right, wrong, missed }]) => [
    `${name}: ${right.length} right, ${wrong.length} wrong, ${missed.length} missed`,
    ...wrong.map((text) => `  wrong  ${text}`),
    ...missed.map((text) => `  missed ${text}`),
  ]);
  return `${lines.join('\n')}\n`;
}
