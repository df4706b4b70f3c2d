import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Assumption, assumptions, type Conformity } from '#pipelines/listing/conformance.js';
import { isJsonObject, isText } from './damaged-ledger.js';

/** What was found of the API of a tenant, and when. */
export interface KeptConformance {
  /** ISO time, UTC. */
  readonly checkedAt: string;
  readonly results: readonly Conformity[];
}

/** Keeps what `conformance` has found, in a file of the tenant's folder. */
export interface ConformanceStore {
  find(): KeptConformance | undefined;
  save(kept: KeptConformance): void;
  /** Whether this was found not to be so. */
  isUntrue(assumption: Assumption): boolean;
  /** How long a new customer took to be listed. Milliseconds. */
  readonly lagMs: number;
}

export function openConformance(folder: string): ConformanceStore {
  const file = join(folder, 'conformance.json');
  const find = (): KeptConformance | undefined => {
    try {
      const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
      return isKept(kept) ? kept : undefined;
    } catch {
      // It was never tried, or the file is damaged: then nothing is known.
      return undefined;
    }
  };
  return {
    find,
    save(kept) {
      // Under its name when it is whole; the tenant's lock is held.
      writeFileSync(`${file}.tmp`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    },
    isUntrue: (assumption) =>
      find()?.results.some((result) => result.assumption === assumption && result.status === 'otherwise') === true,
    get lagMs() {
      return Math.max(0, ...(find()?.results ?? []).map(({ lagMs }) => lagMs ?? 0));
    },
  };
}

function isKept(value: unknown): value is KeptConformance {
  return (
    isJsonObject(value) && isText(value.checkedAt) && Array.isArray(value.results) && value.results.every(isResult)
  );
}

function isResult(value: unknown): value is Conformity {
  if (!isJsonObject(value) || !isText(value.assumption) || !isText(value.found)) return false;
  const isKnown = Object.hasOwn(assumptions, value.assumption);
  return isKnown && isText(value.status) && (value.lagMs === undefined || typeof value.lagMs === 'number');
}
