import { readdirSync } from 'node:fs';

const folder = new URL('../benchmarks/', import.meta.url);

/** The names of all benchmarks: a file each. */
export function benchmarkNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

export async function loadBenchmark(name: string): Promise<Benchmark | Survey> {
  const { benchmark } = (await import(new URL(`${name}.js`, folder).href)) as {
    readonly benchmark: Benchmark | Survey;
  };
  return benchmark;
}

/** One whose contenders race. @throws when it is a survey */
export async function loadRace(name: string): Promise<Benchmark> {
  const benchmark = await loadBenchmark(name);
  if ('survey' in benchmark) throw new Error(`${name} has no contenders.`);
  return benchmark;
}

/** What a contender did, for rates: rows, requests, whatever the benchmark counts. */
export interface Work {
  readonly count: number;
  /** Seconds of the work itself, where getting ready for it is not what is measured. @default the whole run */
  readonly seconds?: number;
}

/** One run of one contender. */
export interface Measurement {
  readonly count: number;
  readonly seconds: number;
  /** Processor time, of all threads: what a busy machine does not stretch. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** Somebody who does the work of a benchmark, in a process of its own. */
export type Contender<Input> =
  | { readonly run: (input: Input) => Promise<Work> }
  /** Another program; it prints a {@link Measured} as its last line. */
  | { readonly command: (input: Input) => readonly [program: string, ...args: string[]]; isHere(): boolean };

/** Work that several do, side by side. */
export interface Benchmark<Size = unknown, Input = unknown> {
  /** One line: what is done, and what is aimed for. */
  readonly about: string;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** The contender that the ratios are of. */
  readonly reference: string;
  readonly sizes: { readonly full: Size; readonly smoke: Size };
  /** Makes what the contenders work on; `folder` is removed afterwards. What it gives must survive JSON. */
  prepare(size: Size, folder: string): Promise<Input>;
  readonly contenders: Readonly<Record<string, Contender<Input>>>;
}

/** Checks a benchmark against its own size and input, and forgets them, so that the runner can hold any. */
export function defineBenchmark<Size, Input>(benchmark: Benchmark<Size, Input>): Benchmark {
  return benchmark as unknown as Benchmark;
}

/** Measurements that are no race: a table of what was seen, with what was allowed or aimed for beside it. */
export interface Survey<Size = unknown> {
  /** One line: what is measured, and what is aimed for. */
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
