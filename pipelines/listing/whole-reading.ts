/** A customer that a complete and current list must show. */
export interface Witness {
  readonly customerCode: string;
  /** Epoch milliseconds, our clock. */
  readonly intentAtMs: number;
}

/** How many customers a complete reading of the whole list showed. */
export interface WholeReading {
  /** Epoch milliseconds, our clock. */
  readonly atMs: number;
  readonly customers: number;
}
