import { copyFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Workplace } from './use-workplace.js';

/** Public samples lie beside the project, or beside the folder of its worktrees. */
const folder = ['../shared/data', '../../shared/data'].map((path) => resolve(path)).find((path) => existsSync(path));

/** Puts a public sample and the project's own mapping for it into the folder, as `customers.csv`. */
export function useSample(place: Workplace, name: 'au-500' | 'customers-1000'): void {
  copyFileSync(join(folder ?? '', `${name}.csv`), place.path('customers.csv'));
  copyFileSync(resolve(`fixtures/${name}.mapping.json`), place.path('mappings.json'));
}
