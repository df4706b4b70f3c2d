/** What a contender has done. */
export interface Work {
  /** Rows, requests or whatever the benchmark counts. */
  readonly count: number;
  /** Seconds of the work itself, without its preparation. @default the whole run */
  readonly seconds?: number;
}

/** One measured run of one contender. */
export interface Measurement {
  readonly count: number;
  readonly seconds: number;
  /** Processor time of all threads, which depends less on what else the machine is doing. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** A program that does the work of a benchmark, in a process of its own. */
export type Contender<Input> =
  | { readonly run: (input: Input) => Promise<Work> }
  /** Another program; it prints a {@link Measurement} as its last line. */
  | { readonly command: (input: Input) => readonly [program: string, ...args: string[]]; isInstalled(): boolean };

/** The same work done by several contenders, side by side. */
export interface Benchmark<Size = unknown, Input = unknown> {
  /** One line: what is done, and the aim. */
  readonly about: string;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** The contender that the ratios are of. */
  readonly reference: string;
  readonly sizes: { readonly full: Size; readonly smoke: Size };
  /** Prepares the contenders' input, which must survive JSON; `folder` is removed afterwards. */
  prepare(size: Size, folder: string): Promise<Input>;
  readonly contenders: Readonly<Record<string, Contender<Input>>>;
}

/** Checks the types of a benchmark's size and input, which the runner need not know. */
export function defineBenchmark<Size, Input>(benchmark: Benchmark<Size, Input>): Benchmark {
  return benchmark as unknown as Benchmark;
}

/** Measurements without contenders: a table of what was measured, beside what is allowed or aimed for. */
export interface Survey<Size = unknown> {
  /** One line: what is measured, and the aim. */
  readonly about: string;
  readonly sizes: { readonly full: Size; readonly smoke: Size };
  readonly heads: readonly string[];
  /** @param folder - removed afterwards */
  survey(size: Size, folder: string): Promise<readonly (readonly string[])[]>;
}

/** As {@link defineBenchmark}. */
export function defineSurvey<Size>(survey: Survey<Size>): Survey {
  return survey as unknown as Survey;
}
