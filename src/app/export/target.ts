import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RunStoppedError, readSystemCode, UsageError } from '#src/errors.js';
import { assertWritable, beginAtomicFile, type FinishedFile } from '#src/files/atomic-file.js';
import { formatFromName, type TableFormat, tableFormats } from '#src/files/begin-table.js';
import { type FileRights, onlyThisUser } from '#src/files/file-rights.js';

/** The file name that means standard output. */
export const standardOutputName = '-';

/** Where an export goes. */
export interface ExportTarget {
  /** As the user wrote it. */
  readonly file: string;
  readonly format: TableFormat;
  /** Absolute path. For standard output, that of a temporary file. */
  readonly path: string;
  /** @default those of the system */
  readonly rights?: FileRights | undefined;
  /** Absent for standard output. */
  readonly manifest?: string;
  /** Publishes a complete file, with its manifest beside it. */
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
 * Checks where an export is to be written, before anything is requested.
 *
 * @param spoolFolder - holds the file for standard output until it is proved complete, since no part of it may go out
 *   before
 * @param fileMode - permission bits of the file and its manifest. @default those of the system
 * @throws UsageError when the file exists and must not be replaced, or cannot be written
 */
export async function openTarget(
  options: TargetOptions,
  spoolFolder: string,
  fileMode?: number,
): Promise<ExportTarget> {
  const { file, force = false, standardOutput = process.stdout } = options;
  const format = options.format ?? formatFromName(file);
  refuseCsvOptions(options, format);
  if (file === standardOutputName)
    return {
      file,
      format,
      path: join(spoolFolder, `standard-output.${format}`),
      rights: onlyThisUser,
      deliver: (finished) => streamToOutput(finished, standardOutput),
    };
  const path = resolve(file);
  refuseFolder(path, file);
  if (!force) refuseExisting(path, file);
  await assertWritable(path).catch((error: unknown) => {
    throw error instanceof UsageError ? createNotWritableError(error) : error;
  });
  const manifest = `${path}.manifest.json`;
  const rights = fileMode === undefined ? undefined : { mode: fileMode };
  return {
    file,
    format,
    path,
    manifest,
    rights,
    async deliver(finished, content) {
      const manifestFile = await beginAtomicFile(manifest, rights);
      try {
        await manifestFile.handle.appendFile(`${JSON.stringify(content, null, 2)}\n`);
        await manifestFile.close();
        // Another program may have created the file since the first check.
        if (!force) refuseExisting(path, file);
        await finished.publish();
        await manifestFile.commit();
      } finally {
        await manifestFile.discard();
      }
    },
  };
}

async function streamToOutput(finished: FinishedFile, output: NodeJS.WritableStream): Promise<void> {
  try {
    await pipeline(createReadStream(finished.partPath), output, { end: false });
  } catch (error) {
    if (readSystemCode(error) !== 'EPIPE') throw error;
    throw new RunStoppedError('The program that reads standard output closed it before the end.', {
      code: 'OUTPUT_CLOSED',
      nextStep: 'Export to a file, or make that program read everything.',
      cause: error,
    });
  } finally {
    await finished.discard();
  }
}

function createNotWritableError(cause: UsageError): UsageError {
  const nextStep = 'Choose an existing folder that you may write to.';
  return new UsageError(cause.message, { code: cause.code, nextStep, cause });
}

function refuseCsvOptions({ formulas, bom }: TargetOptions, format: TableFormat): void {
  if (format === 'csv' || (formulas === undefined && bom !== true)) return;
  throw new UsageError(`--${formulas === undefined ? 'bom' : 'formulas'} is only for CSV, and the file is ${format}.`, {
    code: 'USAGE',
    nextStep: tableFormats[format].isWorkbook
      ? 'Leave it out: text in the workbook is never a formula.'
      : 'Leave it out.',
  });
}

function refuseFolder(path: string, file: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory()) return;
  throw new UsageError(`${file} is a folder.`, {
    code: 'CANNOT_WRITE',
    nextStep: `Give a file name, e.g. ${join(file, 'customers.xlsx')}`,
  });
}

function refuseExisting(path: string, file: string): void {
  if (!existsSync(path)) return;
  throw new UsageError(`${file} already exists.`, {
    code: 'FILE_EXISTS',
    nextStep: `Choose another name, or replace it with --force. (${basename(path)} was not changed.)`,
  });
}
