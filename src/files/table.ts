import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ExportFile } from '#pipelines/export/export.js';
import type { Cell } from '#pipelines/model.js';
import type { Notice } from '#pipelines/ports.js';
import type { AtomicFile } from './atomic-file.js';

/** A remark on one cell: coloured and commented where the format can. */
export interface CellMark {
  /** From 0. */
  readonly column: number;
  readonly note: string;
}

/** How a row went, where the format can show it as a colour. */
export type RowTone = 'good' | 'same' | 'mend' | 'wait';

export interface TableRow {
  readonly cells: readonly Cell[];
  /** Colours the table's status cell. */
  readonly tone?: RowTone;
  readonly marks?: readonly CellMark[];
}

/** Writes a table of text and typed cells to a file that appears only when whole. */
export interface TableSink {
  write(rows: readonly TableRow[]): Promise<void>;
  /** Puts the file under its name. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

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

/** Closes a file and takes its fingerprint of what is on disk. */
export async function finishFile(file: AtomicFile): Promise<FinishedFile> {
  await file.close();
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(file.partPath, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return {
    partPath: file.partPath,
    sha256: hash.digest('hex'),
    sizeBytes,
    publish: () => file.commit(),
    discard: () => file.discard(),
  };
}
