import { readField } from '#pipelines/compare-customers.js';
import { customerFields, secretFields } from '#pipelines/mapping/fields.js';
import type { Cell, JsonValue } from '#pipelines/model.js';
import { nameOriginCustomer } from '#pipelines/own-columns.js';
import { decisionWords } from '#pipelines/ports.js';
import type { DuplicatesFound } from '#pipelines/quality/duplicates/find-duplicates.js';
import { beginTable } from '#src/files/begin-table.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { TableColumn, TableRow } from '#src/files/table.js';
import { type PublishedFile, publishBesideEdited, type WrittenFiles } from '#src/results/keep-edited.js';
import type { DuplicateFinder, ShownRecord } from './duplicate-finder.js';

/** The columns of every review file, before the compared fields. */
const reviewColumns: readonly TableColumn[] = [
  { name: '_row', width: 12 },
  { name: '_run', width: 8 },
  { name: '_reason', width: 50 },
  { name: 'decision', width: 12, choices: { texts: decisionWords, isStrict: true } },
  { name: 'candidate', width: 15 },
];

/** What the search is sure of, and what a person has to decide. */
type Reason = 'SAME_CUSTOMER' | 'POSSIBLE_DUPLICATE';

/** Two records, with why they are in the file. The decision is about `a`. */
export interface ReviewPair {
  readonly a: number;
  readonly b: number;
  readonly reason: Reason;
}

/** The pairs of a review file: those that are one customer first. */
export function listReviewPairs(
  finder: DuplicateFinder,
  { groups, matches, reviews }: DuplicatesFound,
): readonly ReviewPair[] {
  const linked = groups.flatMap(({ members: [a = 0, ...others] }) => others.map((b) => ({ a, b })));
  const order = (reason: Reason) => (pair: Pick<ReviewPair, 'a' | 'b'>) => ({ ...finder.orderPair(pair), reason });
  return [...[...matches, ...linked].map(order('SAME_CUSTOMER')), ...reviews.map(order('POSSIBLE_DUPLICATE'))];
}

const rowsPerWrite = 500;

/** Without a ledger, nobody knows whether a file has been edited: none is replaced. */
const nothingWritten: WrittenFiles = { find: () => undefined, record: () => undefined };

/** Where a review file of `duplicates` goes, and by what it is known when it comes back. */
export interface DuplicateReviewOptions {
  /** The run that its rows are kept with; blank when they are not, and the file is for reading only. */
  readonly run?: string | undefined;
  /** @default 'Review' */
  readonly sheet?: string | undefined;
  /** Without a ledger, nobody knows whether a file has been edited: none is replaced. */
  readonly written?: WrittenFiles | undefined;
  /** Who may read the file. @default those of the system */
  readonly rights?: FileRights | undefined;
}

/**
 * Writes what was found as a review file: a line for each pair, both records side by side. The candidate of a row is a
 * customer of the account, by its code, or another row, as `row 17`. A file in which somebody may have decided stays.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function writeDuplicateReview(
  path: string,
  finder: DuplicateFinder,
  pairs: readonly ReviewPair[],
  { run = '', sheet = 'Review', written = nothingWritten, rights }: DuplicateReviewOptions = {},
): Promise<PublishedFile> {
  const fields = finder.mapper.fields.filter(
    (field) => Object.hasOwn(customerFields, field) && !secretFields.has(field),
  );
  const columns = [...reviewColumns, ...fields.flatMap((field) => [{ name: field }, { name: `account.${field}` }])];
  const table = await beginTable(path, columns, {
    // Values of the account are not the user's own: none may come alive as a formula.
    csv: { bom: true, formulas: 'escape' },
    sheet: { name: sheet, frozenColumns: reviewColumns.length, fitsPage: true },
    rights,
  });
  try {
    for await (const part of finder.readPairs(pairs)) {
      const rows = part.map(({ pair, a, b }): TableRow => {
        const why = `${pair.reason}: ${finder.explain(pair).join(', ')}`;
        return {
          cells: [
            ...[
              a.row === null ? nameOriginCustomer(a.customerCode ?? '') : String(a.row),
              run,
              why,
              '',
              nameCandidate(b),
            ],
            ...fields.flatMap((field) => [toCell(readField(a.customer, field)), toCell(readField(b.customer, field))]),
          ],
        };
      });
      for (let first = 0; first < rows.length; first += rowsPerWrite)
        await table.write(rows.slice(first, first + rowsPerWrite));
    }
    return await publishBesideEdited(await table.end(), path, written);
  } catch (error) {
    await table.discard();
    throw error;
  }
}

/** A row by its number, a customer by its code. */
export function nameCandidate({ row, customerCode }: ShownRecord): string {
  return row === null ? (customerCode ?? '') : `row ${row}`;
}

function toCell(value: JsonValue | undefined): Cell {
  if (typeof value === 'number') return { kind: 'number', text: String(value), value };
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value), value };
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
