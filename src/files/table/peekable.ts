/**
 * Batches of which the first can be looked at before all of them are used: finding the header of a table takes a look at
 * rows that are then read as data.
 */
export class PeekableBatches<T> {
  readonly #batches: AsyncIterator<T>;
  readonly #held: T[] = [];

  constructor(batches: AsyncIterable<T>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** The batches from the first; those that are read here are held. */
  async *peek(): AsyncGenerator<T> {
    for (let position = 0; ; position += 1) {
      if (position === this.#held.length) {
        const next = await this.#batches.next();
        if (next.done === true) return;
        this.#held.push(next.value);
      }
      yield this.#held[position] as T;
    }
  }

  /** All batches; to be used once, and after the last look. */
  async *readAll(): AsyncGenerator<T> {
    yield* this.#held.splice(0);
    for (let next = await this.#batches.next(); next.done !== true; next = await this.#batches.next()) yield next.value;
  }
}
