import { copyFileSync } from 'node:fs';
import type { Workplace } from './use-workplace.js';

/** Puts a public sample and the project's mapping for it into the folder, as `customers.csv` and `mappings.json`. */
export function useSample(place: Workplace, name: 'au-500' | 'customers-1000'): void {
  copyFileSync(`fixtures/samples/${name}.csv`, place.path('customers.csv'));
  copyFileSync(`fixtures/${name}.mapping.json`, place.path('mappings.json'));
}
