import { findFieldName, isBlank, isSameValue, readDisplayName, readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { Issue } from '#pipelines/issue.js';
import { type CustomerMirror, knowsField, type MirroredCustomer } from '#pipelines/listing/mirror.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import { type Cell, type Customer, cellToText, type JsonValue, type Row } from '#pipelines/model.js';

/** What a comparison found out about a row of the file, or a customer of the account. */
export type Difference =
  | ({ readonly kind: 'only_in_file' } & FileSide)
  | ({ readonly kind: 'only_in_account' } & AccountSide)
  | ({ readonly kind: 'differs'; readonly fields: readonly FieldDifference[] } & FileSide & AccountSide)
  /** The row cannot be read, so it is not known whom it is about. */
  | ({ readonly kind: 'unreadable'; readonly reasons: readonly Issue[] } & FileSide);

interface FileSide {
  /** The line or row number that an editor shows. */
  readonly row: number;
  readonly key?: string;
  readonly name: string;
}

interface AccountSide {
  readonly customerCode: string;
  readonly key?: string;
  readonly name: string;
}

export interface FieldDifference {
  readonly field: string;
  readonly file: JsonValue;
  readonly account: JsonValue;
}

export interface CompareCounts {
  /** Rows whose customer says the same in every field that was compared. */
  readonly same: number;
  readonly onlyInFile: number;
  readonly onlyInAccount: number;
  readonly differing: number;
  readonly unreadable: number;
}

export interface ComparePorts {
  readonly batches: AsyncIterable<readonly Row[]>;
  readonly mapper: {
    mapAll(rows: readonly Row[]): Promise<readonly MappedRow[]>;
    findColumns(field: string): readonly string[];
  };
  /** The header of the file. */
  readonly columns: readonly string[];
  /** The fields to compare, all of them from columns of the file. */
  readonly fields: readonly string[];
  /** Up to date, with the flat view of every customer. */
  readonly mirror: CustomerMirror;
  /** The customers of keys, by key. */
  findByKeys(keys: readonly string[]): ReadonlyMap<string, string>;
  /** The customers that a row without a known key or code may be about. */
  findByMatch(row: MappedRow): readonly string[];
  findKey(customerCode: string): string | undefined;
  /** A customer as a row of the file: what an export would write for it now. */
  toCells(customer: Customer): readonly Cell[];
  /** Reads a customer in full; given where fields are compared that the list does not show. */
  readonly readDetail?: (customerCode: string) => Promise<Customer | undefined>;
  /** Leaves out customers of the account that are not active and in no row of the file. */
  readonly activeOnly: boolean;
}

export interface Comparison {
  readonly counts: CompareCounts;
  /** Fields that could not be compared for some customers, because the list does not show them. */
  readonly notListed: ReadonlyMap<string, number>;
}

/** A row whose customer is not known by anything that identifies it. */
interface OpenRow extends FileSide {
  readonly content: string;
}

/** Customers whose content is compared at the same time. */
const customersPerBatch = 500;

/**
 * Compares a file with the account, field by field, in terms of the file: a value is the same when an export would write
 * it as the file has it, or would be read as the file's value is.
 *
 * @param report - called with the differences as they are found: first in the order of the file
 */
export async function compareRows(
  ports: ComparePorts,
  report: (differences: readonly Difference[]) => Promise<void>,
): Promise<Comparison> {
  const counts = { same: 0, onlyInFile: 0, onlyInAccount: 0, differing: 0, unreadable: 0 };
  const seen = new FingerprintIndex();
  const open: OpenRow[] = [];
  const fields = createFieldComparer(ports);
  for await (const rows of ports.batches) {
    const mapped = await ports.mapper.mapAll(rows);
    const found: Difference[] = [];
    const byKey = ports.findByKeys(
      mapped.flatMap(({ key, unformatted }) => [key ?? [], unformatted?.key ?? []].flat()),
    );
    for (const [position, row] of rows.entries()) {
      const content = mapped[position];
      if (content === undefined || content.skip !== undefined) continue;
      const side = describeRow(row, content);
      const reasons = findReadingErrors(row, content);
      if (reasons.length > 0) {
        counts.unreadable += 1;
        found.push({ kind: 'unreadable', ...side, reasons });
        continue;
      }
      const known = findCustomer(content, byKey, ports);
      if (known === undefined) {
        open.push({ ...side, content: describeContent(content.draft, ports.fields) });
        continue;
      }
      const { customer } = known;
      const customerCode = String(customer.customerCode);
      seen.add(customerCode);
      const differing = await fields.compare(row, content, known);
      if (differing.length === 0) counts.same += 1;
      else {
        counts.differing += 1;
        found.push({ kind: 'differs', ...side, customerCode, fields: differing });
      }
    }
    if (found.length > 0) await report(found);
  }
  await compareRest(ports, open, seen, counts, report);
  return { counts, notListed: fields.notListed };
}

function describeRow({ number }: Row, { key, draft }: MappedRow): FileSide {
  return { row: number, name: readDisplayName(draft), ...(key === undefined ? {} : { key }) };
}

/** Errors of single fields are differences; here is what leaves it open whom the row is about. */
function findReadingErrors(row: Row, { reasons, key, customerCode }: MappedRow): readonly Issue[] {
  if (row.issues !== undefined && row.issues.length > 0) return row.issues;
  // A blank key is no error here: an export leaves it blank where it does not know one.
  const isUnknown = key === undefined && customerCode === undefined;
  return isUnknown ? reasons.filter(({ field, code }) => field === undefined && code !== 'KEY_MISSING') : [];
}

function findCustomer(
  content: MappedRow,
  byKey: ReadonlyMap<string, string>,
  { mirror, findByMatch }: ComparePorts,
): MirroredCustomer | undefined {
  if (content.customerCode !== undefined) return mirror.find(content.customerCode);
  const { key, unformatted } = content;
  // A customer may be known by the key without the number format of its cell, as for an import.
  const bare = unformatted === undefined ? undefined : byKey.get(unformatted.key);
  const code = (key === undefined ? undefined : byKey.get(key)) ?? bare;
  const known = code === undefined ? undefined : mirror.find(code);
  if (known !== undefined) return known;
  const [matched, another] = findByMatch(content);
  return matched === undefined || another !== undefined ? undefined : mirror.find(matched);
}

/** Compares the fields of rows with those of their customers. */
function createFieldComparer(ports: ComparePorts) {
  const notListed = new Map<string, number>();
  const positions = new Map(
    ports.fields.map((field) => [
      field,
      ports.mapper.findColumns(field).map((column) => ports.columns.indexOf(column)),
    ]),
  );

  async function readKnown(content: MappedRow, known: MirroredCustomer): Promise<MirroredCustomer> {
    const isKnown = ports.fields.every((field) => !Object.hasOwn(content.draft, field) || knowsField(known, field));
    if (isKnown || ports.readDetail === undefined) return known;
    const customer = await ports.readDetail(String(known.customer.customerCode));
    return customer === undefined ? known : { customer, extent: 'whole' };
  }

  return {
    notListed,
    async compare(row: Row, content: MappedRow, flat: MirroredCustomer): Promise<readonly FieldDifference[]> {
      const known = await readKnown(content, flat);
      const { customer } = known;
      const failed = new Set(content.reasons.map(({ field }) => field));
      // Made for rows that differ only.
      let exported: { readonly cells: readonly Cell[]; readonly draft: Customer } | undefined;
      const different: FieldDifference[] = [];
      for (const field of ports.fields) {
        const isFailed = failed.has(field);
        if (!isFailed && !Object.hasOwn(content.draft, field)) continue;
        if (content.defaulted?.includes(field) === true) continue;
        if (!knowsField(known, field)) {
          notListed.set(field, (notListed.get(field) ?? 0) + 1);
          continue;
        }
        const account = readField(customer, field) ?? null;
        const file = content.draft[field] ?? null;
        if (!isFailed && isSameValue(file, account)) continue;
        exported ??= await exportAndRead(customer, ports);
        const { cells, draft } = exported;
        const places = positions.get(field) ?? [];
        if (places.every((place) => cellToText(row.cells[place]) === cellToText(cells[place]))) continue;
        if (!isFailed && isSameValue(file, draft[field])) continue;
        const shown = isFailed ? places.map((place) => cellToText(row.cells[place])).join(' + ') : file;
        different.push({ field, file: shown, account });
      }
      return different;
    },
  };
}

/** What an export would write for a customer, and what an import would read of that. */
async function exportAndRead(customer: Customer, { toCells, mapper }: ComparePorts) {
  const cells = toCells(customer);
  const [content] = await mapper.mapAll([{ index: 0, number: 1, cells }]);
  return { cells, draft: content?.draft ?? {} };
}

/** What a row or a customer says, in one text: blank and absent are the same. */
function describeContent(draft: Customer, fields: readonly string[]): string {
  return JSON.stringify(
    fields.map((field) => {
      const value = draft[findFieldName(draft, field)];
      return isBlank(value) ? null : typeof value === 'string' ? value.replaceAll('\r\n', '\n') : value;
    }),
  );
}

/**
 * Compares what is left on both sides: a row that nothing identifies is the customer of exactly its content, such as a row
 * of an export whose keys were not known.
 */
async function compareRest(
  ports: ComparePorts,
  open: readonly OpenRow[],
  seen: FingerprintIndex,
  counts: { same: number; onlyInFile: number; onlyInAccount: number },
  report: (differences: readonly Difference[]) => Promise<void>,
): Promise<void> {
  const rows = new RowsByContent(open);
  let rest: AccountSide[] = [];
  // Read to its end at once: nothing may be awaited while the mirror is open.
  for (const { customer } of ports.mirror.all()) {
    // To add tells whether it was there; a customer comes only once.
    if (!seen.add(String(customer.customerCode))) continue;
    if (rows.take(describeContent(customer, ports.fields))) counts.same += 1;
    else if (!ports.activeOnly || readField(customer, 'active') !== false) rest.push(describeCustomer(customer, ports));
  }
  if (rows.left > 0) {
    const unpaired: AccountSide[] = [];
    for (let from = 0; from < rest.length; from += customersPerBatch) {
      const batch = rest.slice(from, from + customersPerBatch);
      const contents = await readExportedContents(batch, ports);
      for (const [position, customer] of batch.entries())
        if (rows.take(contents[position] ?? '')) counts.same += 1;
        else unpaired.push(customer);
    }
    rest = unpaired;
  }
  counts.onlyInFile = rows.left;
  counts.onlyInAccount = rest.length;
  const onlyInFile = open.filter((row) => !rows.isTaken(row));
  if (onlyInFile.length > 0)
    await report(onlyInFile.map(({ content: _, ...side }): Difference => ({ kind: 'only_in_file', ...side })));
  if (rest.length > 0) await report(rest.map((side): Difference => ({ kind: 'only_in_account', ...side })));
}

/** Rows that wait for a customer of their content, each for one. */
class RowsByContent {
  readonly #waiting = new Map<string, OpenRow[]>();
  readonly #taken = new Set<OpenRow>();
  left: number;

  constructor(rows: readonly OpenRow[]) {
    this.left = rows.length;
    for (const row of rows) {
      const same = this.#waiting.get(row.content);
      if (same === undefined) this.#waiting.set(row.content, [row]);
      else same.push(row);
    }
  }

  /** @returns whether there was a row of this content left */
  take(content: string): boolean {
    const row = this.#waiting.get(content)?.shift();
    if (row === undefined) return false;
    this.#taken.add(row);
    this.left -= 1;
    return true;
  }

  isTaken(row: OpenRow): boolean {
    return this.#taken.has(row);
  }
}

/** The contents of customers as an export would write them and an import read them. */
async function readExportedContents(
  customers: readonly AccountSide[],
  { mapper, mirror, toCells, fields }: ComparePorts,
): Promise<readonly string[]> {
  const rows = customers.map(({ customerCode }, index) => {
    const customer = mirror.find(customerCode)?.customer ?? {};
    return { index, number: index + 1, cells: toCells(customer) };
  });
  return (await mapper.mapAll(rows)).map(({ draft }) => describeContent(draft, fields));
}

function describeCustomer(customer: Customer, { findKey }: ComparePorts): AccountSide {
  const customerCode = String(customer.customerCode);
  const key = findKey(customerCode);
  return { customerCode, name: readDisplayName(customer), ...(key === undefined ? {} : { key }) };
}
