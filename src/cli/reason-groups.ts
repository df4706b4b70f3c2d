import type { Reason } from '../../pipelines/row.js';

const rowsNamed = 3;

/** Collects what is wrong with rows and tells it grouped: a thousand rows with one mistake are one mistake. */
export function reasonGroups() {
  const groups = new Map<string, { readonly example: string; readonly rows: number[]; count: number }>();
  return {
    add(row: number, reasons: readonly Reason[]): void {
      for (const reason of reasons) {
        const name = `${reason.code} ${(reason.columns ?? []).join('+')}`;
        const group = groups.get(name) ?? { example: reason.message, rows: [], count: 0 };
        group.count += 1;
        if (group.rows.length < rowsNamed) group.rows.push(row);
        groups.set(name, group);
      }
    },
    lines(): readonly string[] {
      return [...groups.values()]
        .sort((one, other) => other.count - one.count)
        .map(({ example, rows, count }) => {
          const more = count > rows.length ? `, and ${count - rows.length} more` : '';
          return `  ${String(count).padStart(5)} × row ${rows.join(', ')}${more}: ${example}`;
        });
    },
  };
}
