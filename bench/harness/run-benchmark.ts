import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Benchmark, type Contender, loadRace, type Measurement, type Survey } from './benchmark.js';
import { formatTable } from './report.js';

/** Takes a survey and lays out what was seen. */
export async function runSurvey(benchmark: Survey, size: 'full' | 'smoke'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mypos-bench-'));
  try {
    return formatTable(benchmark.heads, await benchmark.survey(benchmark.sizes[size], folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const childFile = fileURLToPath(new URL('./child.js', import.meta.url));

interface RunChoice {
  readonly size: 'full' | 'smoke';
  readonly rounds: number;
  /** Only these contenders, besides the reference. */
  readonly only?: readonly string[];
}

/** Every contender's runs, in the order of the benchmark. */
export type Results = ReadonlyMap<string, readonly Measurement[]>;

/**
 * Runs a benchmark: the contenders take turns, so that whatever else the machine does meets all of them, and each run
 * is a process of its own, so that nobody profits from another's warm code or pays for another's memory.
 */
export async function runBenchmark(name: string, choice: RunChoice): Promise<Results> {
  const benchmark = await loadRace(name);
  const folder = mkdtempSync(join(tmpdir(), 'mypos-bench-'));
  try {
    const size = benchmark.sizes[choice.size];
    const input = lastLineOf(process.execPath, [childFile, name, '--prepare', JSON.stringify({ size, folder })]);
    const results = new Map<string, Measurement[]>();
    for (let round = 0; round < choice.rounds; round += 1)
      for (const [contender, how] of contendersOf(benchmark, choice)) {
        const measured = JSON.parse(lastLineOf(...commandOf(name, contender, how, input))) as Measurement;
        results.set(contender, [...(results.get(contender) ?? []), measured]);
      }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function contendersOf({ contenders, reference }: Benchmark, { only }: RunChoice) {
  return Object.entries(contenders).filter(([name, how]) => {
    if ('isHere' in how && !how.isHere()) return false;
    return only === undefined || name === reference || only.includes(name);
  });
}

function commandOf(
  name: string,
  contender: string,
  how: Contender<unknown>,
  input: string,
): [program: string, args: readonly string[]] {
  if ('run' in how) return [process.execPath, [childFile, name, contender, input]];
  const [program, ...args] = how.command(JSON.parse(input));
  return [program, args];
}

function lastLineOf(program: string, args: readonly string[]): string {
  const { stdout, status, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}.`, { cause: error });
  return stdout.trim().split('\n').at(-1) ?? '';
}
