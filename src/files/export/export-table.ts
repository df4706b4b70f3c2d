import type { ExportFile } from '#pipelines/export.js';
import type { Notice } from '#pipelines/ports.js';

/** A line that tells what a file is. */
export type AboutLine = readonly [name: string, value: string | number];

/** A file that is whole on disk, beside its name. */
export interface FinishedFile {
  /** Where it is until then. */
  readonly partPath: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Puts it under its name. */
  publish(): Promise<void>;
  /** Leaves nothing behind. Does nothing once it is published. */
  discard(): Promise<void>;
}

/** An exported table in any format. */
export interface ExportTable extends ExportFile {
  /** Ends, syncs and closes it; a workbook also tells what it is. */
  finish(about: readonly AboutLine[]): Promise<FinishedFile>;
  /** What the format could not take as it was; complete once it is finished. */
  remarks(): readonly Notice[];
}
