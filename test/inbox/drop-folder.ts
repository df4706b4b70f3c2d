import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import type { SweepSummary } from '#src/app/sweep/summary.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { customerLines, fast, keyedMapping, writeMapping } from '#test/e2e/customer-files.js';
import type { Finished } from '#test/e2e/run-command-line.js';
import type { RunOptions, Workplace } from '#test/e2e/use-workplace.js';
import { buildLines } from './use-inbox.js';

/** For tests that are not about waiting. */
export const quick = [...fast, '--quiet-for', '0.05', '--settle', '0'] as const;

/** A drop folder `drop` in a workplace, whose API knows nobody yet. */
export interface DropFolder {
  readonly api: Sandbox;
  /** Drops a file of its own customers: `from` is the first one's number. */
  drop(name: string, from: number, count: number): void;
  sweep(args?: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Sweeps with `--json` and gives its document. */
  sweepJson(args?: readonly string[]): Promise<SweepSummary>;
  /** Names of all files in the drop folder that are not ours, by their path in it. */
  files(): string[];
  /** Fails unless exactly these customers are at the API, each once. */
  expectCustomers(count: number): void;
}

export async function dropFolder(place: Workplace, mapping: object = keyedMapping): Promise<DropFolder> {
  const api = await place.openApi();
  writeMapping(place, mapping);
  place.write('drop/.keep', '');
  const sweep = (args: readonly string[] = [], options: RunOptions = {}) =>
    place.run(['sweep', 'drop', ...quick, ...args], options);
  return {
    api,
    drop: (name, from, count) => {
      place.write(`drop/${name}`, buildLines(from, count));
    },
    sweep,
    async sweepJson(args = []) {
      const { stdout, stderr } = await sweep(['--json', ...args]);
      expect(stdout, stderr).not.toBe('');
      return JSON.parse(stdout) as SweepSummary;
    },
    files: () => dataFiles(place.path('drop')),
    expectCustomers(count) {
      const names = api.customers().map(({ customerName }) => String(customerName));
      expect(names.sort()).toEqual(customerLines(count).map((line) => line.split(',')[1]));
    },
  };
}

function dataFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
