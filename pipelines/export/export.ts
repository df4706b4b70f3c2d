import { rechunk } from '#pipelines/batches.js';
import { mapInOrder } from '#pipelines/concurrency.js';
import type { CustomerListing, ListingProof } from '#pipelines/listing/list-customers.js';
import type { ExportColumn } from '#pipelines/mapping/export-columns.js';
import type { Cell, Customer } from '#pipelines/model.js';
import type { ExportLayout } from './layout.js';
import { type CustomerFilter, selectCustomers } from './select.js';

/** Where the customers come from: the API's pages, or the local mirror. */
export interface CustomerSource {
  /**
   * Starts a pass over all customers.
   *
   * @param narrow - given the first customers, returns the fields that are needed; `undefined` means all
   */
  begin(narrow: (first: readonly Customer[]) => readonly string[] | undefined): CustomerListing;
}

/** A file that does not appear under its name until it is published. */
export interface ExportFile {
  write(rows: readonly { readonly cells: readonly Cell[] }[]): Promise<void>;
  /** Removes everything written so far. */
  discard(): Promise<void>;
}

export interface ExportPorts<File extends ExportFile> {
  readonly source: CustomerSource;
  readonly layout: ExportLayout;
  /** Conditions that the source cannot apply itself. */
  readonly filter: CustomerFilter;
  /** Reads a whole customer, custom fields included; returns `undefined` for one that has been deleted. */
  readonly readDetail?: (customer: Customer) => Promise<Customer | undefined>;
  readonly beginFile: (columns: readonly ExportColumn[]) => Promise<File>;
  /** Called as rows are written; every pass counts from 0 again. */
  readonly progress: (rows: number, expected: number) => void;
}

export interface ExportOptions {
  /** Details requested at the same time. */
  readonly concurrency: number;
}

export interface ExportResult<File> {
  /** Complete on disk, but not published. */
  readonly file: File;
  readonly rows: number;
  /** Customers that were deleted between the list and their details. */
  readonly deletedMeanwhile: number;
  readonly proof: ListingProof;
  readonly passes: number;
  /** When the last pass began, by the server's clock. */
  readonly startedAtMs: number;
}

/** A list that changed during three passes is unlikely to hold still for a fourth. */
const maxPasses = 3;
/** A list that contradicts itself twice is not whole, however often it is read. */
const maxContradictions = 2;
const rowsPerWrite = 1000;
/** Enough that one slow detail does not hold up the others. */
const detailsAheadPerRequest = 10;

/**
 * Writes the selected customers to a file. If it cannot be proved that a pass saw every customer, all of them are read
 * again into a new file, so that a file never mixes two passes.
 *
 * @returns the file and the proof that it is complete, or no file and the reason why there is no proof
 */
export async function exportToFile<File extends ExportFile>(
  ports: ExportPorts<File>,
  options: ExportOptions,
): Promise<ExportResult<File> | { readonly file: undefined; readonly proof: ListingProof; readonly passes: number }> {
  let contradictions = 0;
  for (let passes = 1; ; passes += 1) {
    const written = await writePass(ports, options);
    const { file, proof } = written;
    if (proof.complete && !ports.layout.hasMissedField()) return { ...written, passes };
    await file.discard();
    if (proof.contradicts === true) contradictions += 1;
    if (passes === maxPasses || contradictions === maxContradictions) return { file: undefined, proof, passes };
  }
}

async function* notePages({ pages }: CustomerListing, onPage: () => void): AsyncGenerator<readonly Customer[]> {
  for await (const page of pages) {
    onPage();
    yield page;
  }
}

async function writePass<File extends ExportFile>(ports: ExportPorts<File>, { concurrency }: ExportOptions) {
  const { source, layout, filter, readDetail, beginFile, progress } = ports;
  layout.begin();
  const listing = source.begin((first) => layout.fieldsNeeded(first));
  const listed = selectCustomers(
    notePages(listing, () => progress(done, listing.expected())),
    filter,
  );
  let deletedMeanwhile = 0;
  // Where details are read, they take the time.
  let done = 0;
  const bounds = { concurrency, maxAhead: concurrency * detailsAheadPerRequest };
  const selected =
    readDetail === undefined
      ? listed
      : mapInOrder(listed, bounds, async (customer) => {
          const detail = await readDetail(customer);
          if (detail === undefined) deletedMeanwhile += 1;
          done += 1;
          progress(done, listing.expected());
          return detail;
        });
  let file: File | undefined;
  let rows = 0;
  try {
    for await (const customers of rechunk(selected, rowsPerWrite)) {
      file ??= await beginFile(layout.chooseColumns(customers));
      layout.noteNewFields(customers);
      await file.write(customers.map((customer) => ({ cells: layout.columns.map((column) => column.cell(customer)) })));
      rows += customers.length;
      if (readDetail === undefined) done = rows;
      progress(done, listing.expected());
    }
    file ??= await beginFile(layout.chooseColumns([]));
  } catch (error) {
    await file?.discard();
    throw error;
  }
  return { file, rows, deletedMeanwhile, proof: listing.proof(), startedAtMs: listing.startedAtMs() };
}
