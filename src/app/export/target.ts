import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RunStoppedError, UsageError } from '#src/errors.js';
import { assertWritable, beginAtomicFile } from '#src/files/atomic-file.js';
import { formatFromName, type TableFormat } from '#src/files/begin-table.js';
import type { FinishedFile } from '#src/files/table.js';

/** The name that stands for standard output. */
export const standardOutputName = '-';

/** Where an export goes. */
export interface ExportTarget {
  /** As the user named it. */
  readonly file: string;
  readonly format: TableFormat;
  /** Absolute; where the file is made, and for a file also where it ends. */
  readonly path: string;
  /** Absent for standard output. */
  readonly manifest?: string;
  /** Puts a proved file in its place, its manifest beside it. */
  deliver(finished: FinishedFile, manifest: object): Promise<void>;
}

export interface TargetOptions {
  readonly file: string;
  readonly format?: TableFormat;
  readonly formulas?: string;
  readonly bom?: boolean;
  readonly force?: boolean;
  /** @default the process's own */
  readonly standardOutput?: NodeJS.WritableStream;
}

/**
 * Finds out where an export goes, before anything is asked.
 *
 * @param spoolFolder - where a file for standard output is made: nobody gets a part of what cannot be proved
 * @throws UsageError when the file is there and must not be replaced, or cannot be written
 */
export async function openTarget(options: TargetOptions, spoolFolder: string): Promise<ExportTarget> {
  const { file, force = false, standardOutput = process.stdout } = options;
  const format = options.format ?? formatFromName(file);
  refuseCsvOptions(options, format);
  if (file === standardOutputName)
    return {
      file,
      format,
      path: join(spoolFolder, `standard-output.${format}`),
      deliver: (finished) => streamToOutput(finished, standardOutput),
    };
  const path = resolve(file);
  refuseFolder(path, file);
  if (!force) refuseExisting(path, file);
  await assertWritable(path).catch((error: unknown) => {
    throw error instanceof UsageError ? createNotWritableError(error) : error;
  });
  const manifest = `${path}.manifest.json`;
  return {
    file,
    format,
    path,
    manifest,
    async deliver(finished, content) {
      const beside = await beginAtomicFile(manifest);
      try {
        await beside.handle.appendFile(`${JSON.stringify(content, null, 2)}\n`);
        await beside.close();
        // Somebody may have put one there meanwhile.
        if (!force) refuseExisting(path, file);
        await finished.publish();
        await beside.commit();
      } finally {
        await beside.discard();
      }
    },
  };
}

async function streamToOutput(finished: FinishedFile, output: NodeJS.WritableStream): Promise<void> {
  try {
    await pipeline(createReadStream(finished.partPath), output, { end: false });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
    throw new RunStoppedError('Whoever read standard output went away before the end.', {
      code: 'OUTPUT_CLOSED',
      nextStep: 'Export to a file, or let the reader take everything.',
      cause: error,
    });
  } finally {
    await finished.discard();
  }
}

function createNotWritableError(cause: UsageError): UsageError {
  const nextStep = 'Choose a folder that exists and that you may write to.';
  return new UsageError(cause.message, { code: cause.code, nextStep, cause });
}

function refuseCsvOptions({ formulas, bom }: TargetOptions, format: TableFormat): void {
  if (format === 'csv' || (formulas === undefined && bom !== true)) return;
  throw new UsageError(`--${formulas === undefined ? 'bom' : 'formulas'} is about CSV; this is ${format}.`, {
    code: 'USAGE',
    nextStep: format === 'xlsx' ? 'Leave it out: no text of a workbook is a formula.' : 'Leave it out.',
  });
}

function refuseFolder(path: string, file: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory()) return;
  throw new UsageError(`${file} is a folder.`, {
    code: 'CANNOT_WRITE',
    nextStep: `Name a file, e.g. ${join(file, 'customers.xlsx')}`,
  });
}

function refuseExisting(path: string, file: string): void {
  if (!existsSync(path)) return;
  throw new UsageError(`${file} is there already.`, {
    code: 'FILE_EXISTS',
    nextStep: `Choose another name, or replace it with --force. (${basename(path)} was not touched.)`,
  });
}
