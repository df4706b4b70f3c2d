import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { InputError } from '#src/errors.js';
import type { OldWorkbook } from '#src/files/detect-format.js';
import { openArchive, type WorkbookFile, workbookLimits } from './archive.js';
import { type InputLocation, rejectEncrypted, workbookError } from './workbook-error.js';

/** Limits against hostile files: the library behind this holds a whole workbook in memory. */
const conversionLimits = {
  /** Of an .ods, unpacked. */
  maxContentBytes: 512 * 1024 * 1024,
  maxHeapMegabytes: 1024,
  maxDurationMs: 300_000,
} as const;

const kinds: Readonly<Record<OldWorkbook, { readonly code: 'WORKBOOK_IS_XLS' | 'ODS_FILE'; readonly name: string }>> = {
  xls: { code: 'WORKBOOK_IS_XLS', name: 'an old .xls workbook (Excel 97–2003)' },
  ods: { code: 'ODS_FILE', name: 'an OpenDocument file (.ods)' },
};

/**
 * Makes an .xlsx of an .xls or .ods workbook, so that one reader reads them all: values, number formats and sheets stay;
 * which rows are hidden is not known afterwards. The library works in a thread of its own, with limits of memory and
 * time, and nothing but bytes comes back from there.
 *
 * @param file - without its content when that is too large to be held in memory
 * @throws InputError `WORKBOOK_IS_XLS`, `ODS_FILE`, `WORKBOOK_ENCRYPTED`, `WORKBOOK_TOO_LARGE`, `FILE_CUT` or `FILE_DAMAGED`
 */
export async function convertWorkbook(file: WorkbookFile, format: OldWorkbook, place: InputLocation): Promise<Buffer> {
  const { bytes } = file;
  const { code, name } = kinds[format];
  if (bytes === undefined) throw workbookError(code, place, `this is ${name}, and too large to be converted.`);
  if (format === 'ods') await measureContent(file, place);
  else rejectEncrypted(bytes, place);
  return runConversion(bytes, format, place);
}

/** Unpacks all parts once, with the limits of any workbook: the library itself has none. */
async function measureContent(file: WorkbookFile, place: InputLocation): Promise<void> {
  const { maxContentBytes } = conversionLimits;
  const limits = { ...workbookLimits, maxPartBytes: maxContentBytes, maxTotalBytes: maxContentBytes };
  const archive = await openArchive(file, place, limits);
  try {
    for (const part of archive.names) if (!part.endsWith('/')) for await (const _ of archive.read(part));
  } finally {
    await archive.close();
  }
}

/**
 * As text, since a thread can only be started from a file that is there in the sources as well as in the package.
 *
 * Of the number formats of an .ods the library makes few as they were, but a cell also holds the text that it showed. Where
 * that is no amount (leading zeros, brackets, a prefix, dashes), the cell is that text.
 */
const conversion = `
const { parentPort, workerData } = require('node:worker_threads');
const { read, write, SSF } = require(workerData.library);
const { bytes, isOpenDocument } = workerData;
const book = read(bytes, { type: 'buffer', cellNF: true, cellStyles: true, cellText: isOpenDocument, cellHTML: false, dense: true });
const beginsWithZero = /^\\D*0\\d/;
const amount = /^(?:[A-Z]{3}\\s)?[-\\p{Sc}\\s]*\\d[\\d.,'’\\s]*(?:\\s?\\p{Sc}|\\s?%|\\s[A-Z]{3})?$/u;
const isDate = (format) => typeof format === 'string' && SSF.is_date(format);
function showAsShown(cell) {
  if (cell === undefined || cell.t !== 'n' || typeof cell.w !== 'string') return;
  const shown = cell.w.trim();
  if (shown === '') Object.assign(cell, { t: 'z', v: undefined, f: undefined });
  else if (isDate(cell.z)) return;
  else if (/^(?:true|false)$/i.test(shown)) Object.assign(cell, { t: 'b', v: cell.v !== 0, z: undefined });
  else if (/%$/.test(shown)) cell.z = '0' + (/[.,]\\d+/.exec(shown)?.[0].replace(',', '.').replace(/\\d/g, '0') ?? '') + '%';
  else if (beginsWithZero.test(shown) || !amount.test(shown)) Object.assign(cell, { t: 's', v: shown, z: undefined, f: undefined });
}
if (isOpenDocument)
  for (const name of book.SheetNames) for (const row of book.Sheets[name]['!data'] ?? []) for (const cell of row ?? []) showAsShown(cell);
const cells = book.SheetNames.some((name) => book.Sheets[name]['!ref'] !== undefined);
parentPort.postMessage(cells ? write(book, { type: 'buffer', bookType: 'xlsx', bookSST: true, compression: true }) : undefined);
`;

async function runConversion(bytes: Buffer, format: OldWorkbook, place: InputLocation): Promise<Buffer> {
  const library = createRequire(import.meta.url).resolve('@e965/xlsx');
  const worker = new Worker(conversion, {
    eval: true,
    workerData: { library, bytes, isOpenDocument: format === 'ods' },
    resourceLimits: { maxOldGenerationSizeMb: conversionLimits.maxHeapMegabytes },
    // The library writes warnings to the terminal.
    stdout: true,
    stderr: true,
  });
  try {
    const converted = await new Promise<Uint8Array | undefined>((resolve, reject) => {
      const timer = setTimeout(() => reject(new ConversionTimeout()), conversionLimits.maxDurationMs);
      worker.once('exit', () => clearTimeout(timer));
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (converted === undefined) throw workbookError('EMPTY_SHEET', place, 'the workbook is empty.');
    return Buffer.from(converted);
  } catch (error) {
    throw toConversionError(error, place);
  } finally {
    await worker.terminate();
  }
}

class ConversionTimeout extends Error {}

function toConversionError(error: unknown, place: InputLocation): unknown {
  if (error instanceof InputError) return error;
  const isOutOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  if (isOutOfMemory || error instanceof ConversionTimeout)
    return workbookError('WORKBOOK_TOO_LARGE', place, 'the workbook is too large to be converted.', error);
  // The library throws texts, too.
  const reason = error instanceof Error ? error.message : String(error);
  return /password/i.test(reason)
    ? workbookError('WORKBOOK_ENCRYPTED', place, 'the workbook is protected by a password.', error)
    : workbookError('FILE_DAMAGED', place, `the workbook cannot be read (${reason}).`, error);
}
