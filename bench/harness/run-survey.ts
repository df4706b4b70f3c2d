import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Survey } from './benchmark.js';
import { tableOf } from './report.js';

/** Takes a survey and lays out what was seen. */
export async function runSurvey(benchmark: Survey, size: 'full' | 'smoke'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mypos-bench-'));
  try {
    return tableOf(benchmark.heads, await benchmark.survey(benchmark.sizes[size], folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
