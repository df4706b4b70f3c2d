import { isDeepStrictEqual } from 'node:util';
import type { ColumnVerdict } from '#pipelines/damage/column-watch.js';
import type { FindingGroup } from '#pipelines/damage/finding.js';
import type { KnownFile } from '#src/files/input-source.js';
import { version } from '#src/version.js';

/** What reading an input to its end told. */
export interface KnownLook {
  readonly file: KnownFile;
  readonly findings: readonly FindingGroup[];
  readonly verdicts: readonly ColumnVerdict[];
}

/** The same, as the ledger keeps it as JSON with a run. That run's mapping is part of it. */
export interface KeptLook extends KnownLook {
  /** Of the program, which may look otherwise the next time. */
  readonly version: string;
  /** How the file was to be read. */
  readonly reading: object;
}

export function keptLook(look: KnownLook, reading: object): KeptLook {
  return { ...look, version: version(), reading };
}

/** What was kept, when this program would find the same by this reading of the same bytes. */
export function fittingLook(kept: unknown, reading: object): KnownLook | undefined {
  if (kept === undefined) return undefined;
  const look = kept as KeptLook;
  return look.version === version() && isDeepStrictEqual(look.reading, asJson(reading)) ? look : undefined;
}

function asJson(reading: object): unknown {
  return JSON.parse(JSON.stringify(reading));
}
