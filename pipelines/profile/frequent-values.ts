/** Values that are counted at a time. */
const mostCounted = 1000;

export interface FrequentValue {
  readonly value: string;
  /** At least so often; exactly, while the column has no more than a thousand values. */
  readonly count: number;
}

/**
 * Finds the most frequent texts in bounded memory (Misra and Gries: when there is no room for another text, every
 * count loses one, so that a count is never too high).
 */
export class FrequentValues {
  readonly #counts = new Map<string, number>();
  #isWhole = true;

  add(text: string): void {
    const known = this.#counts.get(text);
    if (known !== undefined || this.#counts.size < mostCounted) this.#counts.set(text, (known ?? 0) + 1);
    else this.#makeRoom();
  }

  /** The most frequent first; beyond a thousand values, only those that are certainly there more than once. */
  top(most: number): readonly FrequentValue[] {
    return [...this.#counts]
      .map(([value, count]) => ({ value, count }))
      .filter(({ count }) => this.#isWhole || count > 1)
      .sort((one, other) => other.count - one.count)
      .slice(0, most);
  }

  /** Dear, but each pass uses up as many texts as it looks at. */
  #makeRoom(): void {
    this.#isWhole = false;
    for (const [value, count] of this.#counts)
      if (count === 1) this.#counts.delete(value);
      else this.#counts.set(value, count - 1);
  }
}
