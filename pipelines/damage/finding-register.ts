import type { Finding, FindingGroup } from './finding.js';

const maxRowsNamed = 5;

/** Groups findings by kind and column while rows go by. */
export class FindingRegister {
  readonly #groups = new Map<string, FindingGroup & { count: number; readonly rows: number[] }>();

  add(row: number, findings: readonly Finding[]): void {
    for (const { code, columns = [], message, suggestion, value } of findings) {
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

  /** In the order in which they were met. */
  groups(): readonly FindingGroup[] {
    return [...this.#groups.values()];
  }
}
