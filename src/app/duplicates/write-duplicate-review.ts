import { readField } from '#pipelines/compare-customers.js';
import { customerFields, secretFields } from '#pipelines/mapping/fields.js';
import type { Cell, Customer, JsonValue } from '#pipelines/model.js';
import type { DuplicatesFound } from '#pipelines/quality/duplicates/find-duplicates.js';
import { beginTable } from '#src/files/begin-table.js';
import type { TableColumn, TableRow } from '#src/files/table.js';
import type { DuplicateFinder, ShownRecord } from './duplicate-finder.js';

/** The columns of every review file, before the compared fields. */
const reviewColumns: readonly TableColumn[] = [
  { name: '_row', width: 12 },
  { name: '_run', width: 8 },
  { name: '_reason', width: 50 },
  { name: 'decision', width: 12, choices: { texts: ['same', 'new', 'skip'], isStrict: true } },
  { name: 'candidate', width: 15 },
];

/** What the search is sure of, and what a person has to decide. */
type Reason = 'SAME_CUSTOMER' | 'POSSIBLE_DUPLICATE';

interface ReviewPair {
  readonly subject: ShownRecord;
  readonly candidate: ShownRecord;
  readonly reason: Reason;
  readonly evidence: readonly string[];
}

const pairsPerWrite = 500;

/**
 * Writes what was found as a review file: a line for each pair, both records side by side. The candidate of a row is a
 * customer of the account, by its code, or another row, as `row 17`.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function writeDuplicateReview(
  path: string,
  finder: DuplicateFinder,
  { groups, matches, reviews }: DuplicatesFound,
): Promise<void> {
  const linked = groups.flatMap(({ members: [first = 0, ...others] }) => others.map((b) => ({ a: first, b })));
  const toPair = (reason: Reason) => (pair: { readonly a: number; readonly b: number }) => ({
    ...{ reason, subject: finder.show(pair.a), candidate: finder.show(pair.b) },
    evidence: finder.explain(pair.a, pair.b),
  });
  const pairs: ReviewPair[] = [
    ...[...matches, ...linked].map(toPair('SAME_CUSTOMER')),
    ...reviews.map(toPair('POSSIBLE_DUPLICATE')),
  ];
  const fields = listFields(pairs);
  const columns = [...reviewColumns, ...fields.flatMap((field) => [{ name: field }, { name: `account.${field}` }])];
  const table = await beginTable(path, columns, {
    // Values of the account are not the user's own: none may come alive as a formula.
    csv: { bom: true, formulas: 'escape' },
    sheet: { name: 'Review', frozenColumns: reviewColumns.length, fitsPage: true },
  });
  try {
    for (let first = 0; first < pairs.length; first += pairsPerWrite)
      await table.write(pairs.slice(first, first + pairsPerWrite).map((pair) => toTableRow(pair, fields)));
    await (await table.end()).publish();
  } catch (error) {
    await table.discard();
    throw error;
  }
}

/** Fields of a customer that some row has, in the order of the API; bank details are nobody's evidence. */
function listFields(pairs: readonly ReviewPair[]): readonly string[] {
  const has = (customer: Customer, field: string) => (readField(customer, field) ?? '') !== '';
  return Object.keys(customerFields).filter(
    (field) => !secretFields.has(field) && pairs.some(({ subject }) => has(subject.customer, field)),
  );
}

function toTableRow({ subject, candidate, reason, evidence }: ReviewPair, fields: readonly string[]): TableRow {
  return {
    cells: [
      ...[nameRecord(subject), '', `${reason}: ${evidence.join(', ')}`, '', nameRecord(candidate, 'row ')],
      ...fields.flatMap((field) => [
        toCell(readField(subject.customer, field)),
        toCell(readField(candidate.customer, field)),
      ]),
    ],
  };
}

/** A row by its number, a customer by its code. */
function nameRecord({ row, customerCode }: ShownRecord, prefix = ''): string {
  return row === null ? (customerCode ?? '') : `${prefix}${row}`;
}

function toCell(value: JsonValue | undefined): Cell {
  if (typeof value === 'number') return { kind: 'number', text: String(value), value };
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value), value };
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
