import { readField } from '#pipelines/compare-customers.js';
import { customerFields, secretFields } from '#pipelines/mapping/fields.js';
import type { Cell, Customer, Draft, JsonValue, ReviewCandidate } from '#pipelines/model.js';
import { reviewReasonColumn } from '#pipelines/own-columns.js';
import { decisionWords } from '#pipelines/ports.js';
import { beginTable } from '#src/files/begin-table.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { CsvStyle, TableColumn, TableRow } from '#src/files/table.js';
import { type PublishedFile, publishBesideEdited, type WrittenFiles } from './keep-edited.js';

/** The columns that come before the compared fields. */
const reviewColumns = ['_row', '_run', reviewReasonColumn, 'decision', 'candidate'] as const;

/** What stands before the name of a field when it is the customer's. */
const accountPrefix = 'account.';

/** A row about which a person has to decide. */
export interface ReviewRow {
  /** Line or row number in the file that it comes from. */
  readonly row: number;
  /** The run that asks; blank for a file that was only compared. */
  readonly run: string;
  /** Why it waits: a code. */
  readonly reason: string;
  readonly draft: Draft;
  readonly candidates: readonly (ReviewCandidate & { readonly customer?: Customer | undefined })[];
}

export interface ReviewOptions {
  /** Of the sheet; a mapping that names the sheet of its input finds the review file by it. @default 'Review' */
  readonly sheet?: string | undefined;
  readonly csv?: Partial<CsvStyle>;
  readonly written?: WrittenFiles | undefined;
  /** Who may read the file. @default those of the system */
  readonly rights?: FileRights | undefined;
}

/**
 * Writes a line for each candidate of each row: the row's values beside the customer's. A person writes the decision
 * into it, in a workbook by a drop-down, and imports the file.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function writeReview(
  path: string,
  rows: readonly ReviewRow[],
  { sheet = 'Review', csv = {}, written, rights }: ReviewOptions = {},
): Promise<PublishedFile> {
  const fields = listFields(rows);
  const table = await beginTable(path, buildColumns(fields), {
    // Values of the account are not the user's own: none may come alive as a formula.
    csv: { ...csv, bom: true, formulas: 'escape' },
    sheet: { name: sheet, frozenColumns: reviewColumns.length, fitsPage: true },
    rights,
  });
  try {
    for (let first = 0; first < rows.length; first += rowsPerWrite)
      await table.write(rows.slice(first, first + rowsPerWrite).flatMap((row) => buildLines(row, fields)));
    return await publishBesideEdited(await table.end(), path, written);
  } catch (error) {
    await table.discard();
    throw error;
  }
}

const rowsPerWrite = 500;

/** In characters. */
const widths: Readonly<Record<(typeof reviewColumns)[number], number>> = {
  _row: 7,
  _run: 12,
  _reason: 40,
  decision: 12,
  candidate: 15,
};

const decisionChoices = {
  texts: decisionWords,
  isStrict: true,
  hint: 'same: the row is this customer. new: it is none of them and is added. skip: it is left out.',
} as const;

function buildColumns(fields: readonly string[]): readonly TableColumn[] {
  return [
    ...reviewColumns.map((name) => ({
      ...{ name, width: widths[name] },
      ...(name === 'decision' ? { choices: decisionChoices } : {}),
    })),
    ...fields.flatMap((field) => [{ name: field }, { name: `${accountPrefix}${field}` }]),
  ];
}

/** The fields that any of the rows would write, in the order of the API; bank details are nobody's evidence. */
function listFields(rows: readonly ReviewRow[]): readonly string[] {
  const used = new Set(rows.flatMap(({ draft }) => Object.keys(draft)));
  const known = Object.keys(customerFields).filter((field) => used.has(field));
  const own = [...used].filter((field) => !Object.hasOwn(customerFields, field) && !identityFields.has(field));
  return [...known, ...own].filter((field) => !secretFields.has(field));
}

const identityFields: ReadonlySet<string> = new Set(['customerCode', 'customerId']);

function buildLines({ row, run, reason, draft, candidates }: ReviewRow, fields: readonly string[]): TableRow[] {
  return candidates.map(({ customerCode, evidence, customer = {} }) => ({
    cells: [
      ...[String(row), run, `${reason}: ${evidence.join(', ')}`, '', customerCode],
      ...fields.flatMap((field) => [toCell(draft[field]), toCell(readField(customer, field))]),
    ],
  }));
}

function toCell(value: JsonValue | undefined): Cell {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return { kind: 'number', text: String(value), value };
    case 'boolean':
      return { kind: 'boolean', text: String(value), value };
    default:
      return value == null ? '' : JSON.stringify(value);
  }
}
