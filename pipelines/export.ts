import type { Customer } from './customer.js';
import type { ExportLayout } from './export-layout.js';
import type { ExportColumn } from './mapping/export-column.js';
import type { Cell } from './row.js';
import { type CustomerChoice, chosenCustomers } from './stages/choose-customers.js';
import { inPieces } from './stages/in-pieces.js';
import { mapInOrder } from './stages/map-concurrently.js';
import type { CustomerPass, PassProof } from './stages/read-pass.js';

/** Where the customers come from: the API's pages, or a copy of them. */
export interface CustomerSource {
  /**
   * Begins to read all customers once more from the first.
   *
   * @param narrow - names the fields that are needed, by the first customers; all when it names none
   */
  begin(narrow: (first: readonly Customer[]) => readonly string[] | undefined): CustomerPass;
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
  readonly choice: CustomerChoice;
  /** Reads the whole customer, custom fields included; nothing for one that is gone by now. */
  readonly detailOf?: (customer: Customer) => Promise<Customer | undefined>;
  readonly beginFile: (columns: readonly ExportColumn[]) => Promise<File>;
  /** Counts rows as they are written; begins at 0 again with every pass. */
  readonly progress: (rows: number, expected: number) => void;
}

export interface ExportOptions {
  /** Details asked for at once. */
  readonly concurrency: number;
}

export interface Exported<File> {
  /** Whole on disk, and not published. */
  readonly file: File;
  readonly rows: number;
  /** Customers that were deleted between list and detail. */
  readonly gone: number;
  readonly proof: PassProof;
  readonly passes: number;
  /** When the last pass began, by the server's clock. */
  readonly startedAtMs: number;
}

/** A table that moves during every pass is not going to hold still for one more. */
const mostPasses = 3;
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
): Promise<Exported<File> | { readonly file: undefined; readonly proof: PassProof; readonly passes: number }> {
  for (let passes = 1; ; passes += 1) {
    const written = await writePass(ports, options);
    const { file, proof } = written;
    if (proof.complete && !ports.layout.hasMissed()) return { ...written, passes };
    await file.discard();
    if (passes === mostPasses) return { file: undefined, proof, passes };
  }
}

async function writePass<File extends ExportFile>(ports: ExportPorts<File>, { concurrency }: ExportOptions) {
  const { layout, choice, detailOf, beginFile, progress } = ports;
  layout.begin();
  const pass = ports.source.begin((first) => layout.fieldsNeeded(first));
  const chosen = chosenCustomers(pass.pages, choice);
  const bounds = { concurrency, itemsAhead: concurrency * detailsAheadPerRequest };
  let gone = 0;
  const whole = detailOf === undefined ? chosen : mapInOrder(chosen, bounds, countGone(detailOf));
  let file: File | undefined;
  let rows = 0;
  try {
    for await (const customers of inPieces(whole, rowsPerWrite)) {
      file ??= await beginFile(layout.columnsFor(customers));
      layout.note(customers);
      await file.write(customers.map((customer) => layout.columns.map((column) => column.cell(customer))));
      rows += customers.length;
      progress(rows, pass.expected());
    }
    file ??= await beginFile(layout.columnsFor([]));
  } catch (error) {
    await file?.discard();
    throw error;
  }
  return { file, rows, gone, proof: pass.proof(), startedAtMs: pass.startedAtMs() };

  function countGone(read: NonNullable<ExportPorts<File>['detailOf']>) {
    return async (customer: Customer) => {
      const found = await read(customer);
      if (found === undefined) gone += 1;
      return found;
    };
  }
}
