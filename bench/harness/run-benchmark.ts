import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender, Measurement, Survey } from './benchmark.js';
import { loadComparison } from './load-benchmark.js';
import { formatTable } from './report.js';

/** Takes a survey and formats its table. */
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
 * Runs a benchmark. The contenders take turns, so that other load of the machine affects all of them; each run has a
 * process of its own, so that none profits from another's compiled code or pays for another's memory.
 */
export async function runBenchmark(name: string, choice: RunChoice): Promise<Results> {
  const benchmark = await loadComparison(name);
  const folder = mkdtempSync(join(tmpdir(), 'mypos-bench-'));
  try {
    const size = benchmark.sizes[choice.size];
    const input = readLastLine(process.execPath, [childFile, name, '--prepare', JSON.stringify({ size, folder })]);
    const results = new Map<string, Measurement[]>();
    for (let round = 0; round < choice.rounds; round += 1)
      for (const [contender, how] of chooseContenders(benchmark, choice)) {
        const measured = JSON.parse(readLastLine(...buildCommand(name, contender, how, input))) as Measurement;
        results.set(contender, [...(results.get(contender) ?? []), measured]);
      }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function chooseContenders({ contenders, reference }: Benchmark, { only }: RunChoice) {
  return Object.entries(contenders).filter(([name, how]) => {
    if ('isInstalled' in how && !how.isInstalled()) return false;
    return only === undefined || name === reference || only.includes(name);
  });
}

function buildCommand(
  name: string,
  contender: string,
  how: Contender<unknown>,
  input: string,
): [program: string, args: readonly string[]] {
  if ('run' in how) return [process.execPath, [childFile, name, contender, input]];
  const [program, ...args] = how.command(JSON.parse(input));
  return [program, args];
}

function readLastLine(program: string, args: readonly string[]): string {
  const { stdout, status, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}.`, { cause: error });
  return stdout.trim().split('\n').at(-1) ?? '';
}
