import { rechunk } from '#pipelines/batches.js';
import { mapInOrder } from '#pipelines/concurrency.js';
import type { CustomerListing, ListingProof } from '#pipelines/listing/list-customers.js';
import type { ExportColumn } from '#pipelines/mapping/export-columns.js';
import type { Cell, Customer } from '#pipelines/model.js';
import type { ExportLayout } from './layout.js';
import { type CustomerFilter, selectCustomers } from './select.js';

/** Where the customers come from: the API's pages, or a copy of them. */
export interface CustomerSource {
  /**
   * Begins to read all customers once more from the first.
   *
   * @param narrow - names the fields that are needed, by the first customers; all when it names none
   */
  begin(narrow: (first: readonly Customer[]) => readonly string[] | undefined): CustomerListing;
}

/** A file that appears under its name only when somebody publishes it. */
export interface ExportFile {
  write(rows: readonly (readonly Cell[])[]): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export interface ExportPorts<File extends ExportFile> {
  readonly source: CustomerSource;
  readonly layout: ExportLayout;
  /** Which of the customers are wanted, beyond what the source can be asked. */
  readonly filter: CustomerFilter;
  /** Reads the whole customer, custom fields included; nothing for one that is deletedMeanwhile by now. */
  readonly readDetail?: (customer: Customer) => Promise<Customer | undefined>;
  readonly beginFile: (columns: readonly ExportColumn[]) => Promise<File>;
  /** Counts rows as they are written; begins at 0 again with every pass. */
  readonly progress: (rows: number, expected: number) => void;
}

export interface ExportOptions {
  /** Details asked for at once. */
  readonly concurrency: number;
}

export interface ExportResult<File> {
  /** Whole on disk, and not published. */
  readonly file: File;
  readonly rows: number;
  /** Customers that were deleted between list and detail. */
  readonly deletedMeanwhile: number;
  readonly proof: ListingProof;
  readonly passes: number;
  /** When the last pass began, by the server's clock. */
  readonly startedAtMs: number;
}

/** A table that moves during every pass is not going to hold still for one more. */
const maxPasses = 3;
const rowsPerWrite = 1000;
/** Enough that a slow detail does not keep the others waiting. */
const detailsAheadPerRequest = 10;

/**
 * Writes all wanted customers into a file, and reads them once more from the first when it cannot be proved that all
 * were seen: the file is always of one pass.
 *
 * @returns the file with its proof, or the proof that could not be given, and no file
 */
export async function exportCustomers<File extends ExportFile>(
  ports: ExportPorts<File>,
  options: ExportOptions,
): Promise<ExportResult<File> | { readonly file: undefined; readonly proof: ListingProof; readonly passes: number }> {
  for (let passes = 1; ; passes += 1) {
    const written = await writePass(ports, options);
    const { file, proof } = written;
    if (proof.complete && !ports.layout.hasMissedField()) return { ...written, passes };
    await file.discard();
    if (passes === maxPasses) return { file: undefined, proof, passes };
  }
}

async function writePass<File extends ExportFile>(ports: ExportPorts<File>, { concurrency }: ExportOptions) {
  const { layout, filter: choice, readDetail: detailOf, beginFile, progress } = ports;
  layout.begin();
  const pass = ports.source.begin((first) => layout.fieldsNeeded(first));
  const chosen = selectCustomers(pass.pages, choice);
  const bounds = { concurrency, maxAhead: concurrency * detailsAheadPerRequest };
  let deletedMeanwhile = 0;
  const whole = detailOf === undefined ? chosen : mapInOrder(chosen, bounds, countGone(detailOf));
  let file: File | undefined;
  let rows = 0;
  try {
    for await (const customers of rechunk(whole, rowsPerWrite)) {
      file ??= await beginFile(layout.chooseColumns(customers));
      layout.noteNewFields(customers);
      await file.write(customers.map((customer) => layout.columns.map((column) => column.cell(customer))));
      rows += customers.length;
      progress(rows, pass.expected());
    }
    file ??= await beginFile(layout.chooseColumns([]));
  } catch (error) {
    await file?.discard();
    throw error;
  }
  return { file, rows, deletedMeanwhile, proof: pass.proof(), startedAtMs: pass.startedAtMs() };

  function countGone(read: NonNullable<ExportPorts<File>['readDetail']>) {
    return async (customer: Customer) => {
      const found = await read(customer);
      if (found === undefined) deletedMeanwhile += 1;
      return found;
    };
  }
}
