import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CompareCounts, compareRows, type Difference, type FieldDifference } from '#pipelines/compare/compare.js';
import { findFieldName } from '#pipelines/compare-customers.js';
import { joinKey, splitKey } from '#pipelines/import/keys.js';
import { createFieldMatcher, type FieldMatcher } from '#pipelines/import/match.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import { type CompiledMapping, compileMapping } from '#pipelines/mapping/compile.js';
import { customerFields, type FieldType, identityFields, secretFields } from '#pipelines/mapping/fields.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import { findValidSubset, parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { reverseMapping } from '#pipelines/mapping/reverse.js';
import type { Cell, Customer } from '#pipelines/model.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { Connection } from '#src/app/connect.js';
import { type Input, openInput } from '#src/app/input.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { readDetail } from '#src/app/read-customers.js';
import { bringMirrorUpToDate } from '#src/app/refresh-mirror.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import { type ApiSummary, type RunObserver, summariseApi } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { formatFromName } from '#src/files/begin-table.js';
import { deriveRights, type FileRights } from '#src/files/file-rights.js';
import type { InputSource } from '#src/files/input-source.js';
import { writeComparison } from '#src/results/write-comparison.js';

export type { CompareCounts, Difference, FieldDifference };

export interface CompareFileOptions extends ReadOptions {
  /** CSV, XLSX or NDJSON; `-` reads standard input. */
  readonly file: string;
  /** Where to write the differences, a line for each field: `.csv`, `.xlsx` or `.ndjson`; nowhere when absent. */
  readonly output?: string;
  /** Read the details of customers for fields that the list does not show. @default false */
  readonly full?: boolean;
  /** Leave out customers that are not active and in no row of the file. @default false */
  readonly activeOnly?: boolean;
  /** End with exit code 4 when there is a difference. @default false */
  readonly exitCode?: boolean;
  /** Keeps only so many differences in the summary, so that memory stays flat. @default all */
  readonly maxDifferences?: number;
  readonly signal?: AbortSignal;
}

/** How a file and the account differ; the `--json` document of `compare`. */
export interface CompareSummary {
  readonly command: 'compare';
  readonly exitCode: ExitCode;
  readonly input: { readonly file: string; readonly sha256: string; readonly rows: number };
  /** Customers in the account. */
  readonly customers: number;
  readonly counts: CompareCounts;
  /** In how many rows each field differs; the most frequent first. */
  readonly fields: readonly { readonly field: string; readonly count: number }[];
  /** Mapped fields that were not compared, and why: the file has no column, or the list does not show the field. */
  readonly notCompared: readonly {
    readonly field: string;
    readonly why: 'no_column' | 'not_listed';
    /** Rows of which it could not be compared. */
    readonly rows: number;
  }[];
  readonly api: ApiSummary;
  readonly output: string | null;
  readonly differences: readonly Difference[];
}

/**
 * Compares a file with the account, field by field: what is only in the file, only in the account, or differs. Reads the
 * API and writes nothing there.
 *
 * Without a mapping file, the columns are fields under the API's own names, as in an export of all fields.
 *
 * @throws UsageError, InputError, LoginError, RunStoppedError, BusyError
 */
export async function compareFile(
  settings: Settings,
  options: CompareFileOptions,
  observer: RunObserver = {},
): Promise<CompareSummary> {
  const { output } = options;
  if (output !== undefined) {
    formatFromName(output);
    await assertWritable(resolve(output));
  }
  const named = readNamedMapping(settings, options);
  const input = await openInput(options.file, options, resolve(settings.stateDir.value, 'inputs'), named);
  const fitted = chooseMapping(named, input);
  const control = createRunControl(undefined, options.signal);
  return runOnTenant(settings, control, `compare ${input.file}`, observer, async (connection) => {
    await connection.client.login();
    await bringMirrorUpToDate(connection, { needsFlat: true });
    const rights = deriveRights(settings.fileMode.value, input.path);
    return compareWithAccount(connection, input, fitted, options, rights, observer);
  });
}

/** The mapping that was named, or the one in its usual place. */
function readNamedMapping(settings: Settings, options: ReadOptions): Mapping | undefined {
  const { value: path, origin } = settings.mapping;
  return origin === 'default' && !existsSync(path) ? undefined : readMappingFile(path, options, settings).mapping;
}

/** The mapping, unless more columns of the file have the names of fields, as those of an export of all fields have. */
function chooseMapping(named: Mapping | undefined, input: Input): FittedMapping {
  const byMapping = named === undefined ? undefined : fitMapping(named, input);
  const byName = mapByFieldNames(input);
  const byFields = byName === undefined ? undefined : fitMapping(byName, input);
  const fitted = (byMapping?.fields.length ?? 0) >= (byFields?.fields.length ?? 0) ? byMapping : byFields;
  if (fitted !== undefined) return fitted;
  throw new UsageError(`No column of ${input.file} is a field that could be compared.`, {
    code: 'COMPARE_NOTHING',
    nextStep: 'Check that it is the right file, sheet and header row, or name its mapping with --mapping.',
  });
}

/** Columns under the names of fields. */
function mapByFieldNames({ source }: Input): Mapping | undefined {
  const known = new Map(
    [...Object.entries<FieldType>(customerFields)].map(([name, type]) => [name.toLowerCase(), { name, type }]),
  );
  const fields: Record<string, unknown> = {};
  for (const column of source.columns) {
    const identity = identityFields.find((name) => name.toLowerCase() === column.toLowerCase());
    const field = known.get(column.toLowerCase());
    if (identity !== undefined) fields[identity] = column;
    if (field !== undefined) fields[field.name] = field.type === 'string' ? column : { column, type: field.type };
  }
  const parsed = Object.keys(fields).length === 0 ? undefined : parseMapping({ fields, unmapped: 'ignore' });
  return parsed?.ok === true ? parsed.mapping : undefined;
}

interface FittedMapping {
  readonly mapping: Mapping;
  readonly mapper: CompiledMapping;
  /** Fields to compare. */
  readonly fields: readonly string[];
  /** Mapped fields whose columns the file does not have. */
  readonly withoutColumn: readonly string[];
}

/** Fits a mapping to the columns that the file has: an export lacks those of expressions and ignored columns. */
function fitMapping(named: Mapping, { source }: Input): FittedMapping | undefined {
  const mapping: Mapping = { ...named, unmapped: 'ignore', ignore: [] };
  const whole = compileMapping(mapping, source.columns, source.format);
  const usable = whole.ok ? mapping : findValidSubset(mapping, whole.problems);
  const compilation = usable && compileMapping(usable, source.columns, source.format);
  const stamp = mapping.key?.stamp;
  const isCompared = (field: string) => field !== stamp && !identityFields.some((name) => name === field);
  const listFields = ({ fields }: Mapping) =>
    fields.flatMap((rule) => (rule.kind !== 'constant' && isCompared(rule.field) ? [rule.field] : []));
  const fields = usable === undefined ? [] : listFields(usable);
  if (usable === undefined || compilation?.ok !== true || fields.length === 0) return undefined;
  const withoutColumn = listFields(mapping).filter((field) => !fields.includes(field));
  return { mapping: usable, mapper: compilation.compiled, fields, withoutColumn };
}

async function compareWithAccount(
  connection: Connection,
  input: Input,
  { mapping, mapper, fields, withoutColumn }: FittedMapping,
  options: CompareFileOptions,
  rights: FileRights,
  observer: RunObserver,
): Promise<CompareSummary> {
  const { ledger, client } = connection;
  const { mirror } = ledger;
  const { source } = input;
  const rows = ledger.openRows(0);
  const matcher = openMatcher(mapping, mapper, mirror);
  const { keySource } = mapper;
  const findKey = (customerCode: string) => ledger.findKey(customerCode, keySource);
  const output = options.output === undefined ? undefined : resolve(options.output);
  const writer = output === undefined ? undefined : await writeComparison(output, rights);
  const { maxDifferences = Number.POSITIVE_INFINITY } = options;
  const differences: Difference[] = [];
  const fieldCounts = new Map<string, number>();
  const counter = { rows: 0 };
  try {
    const compared = await compareRows(
      {
        ...{ mapper, fields, mirror, columns: source.columns, activeOnly: options.activeOnly === true },
        batches: countRows(source, counter),
        findByKeys: (keys) =>
          new Map(
            [...rows.findCustomersByKeys(keys.map((key) => joinKey(keySource, key)))].flatMap(
              ([stored, { customerCode }]) =>
                customerCode === undefined ? [] : [[splitKey(stored).key, customerCode]],
            ),
          ),
        findByMatch: (row) => findByMatch(row, matcher),
        findKey,
        toCells: createCellWriter(mapping, source, mirror, findKey),
        ...(options.full === true ? { readDetail: createDetailReader(connection) } : {}),
      },
      async (found) => {
        const shown = found.map(hideSecrets);
        for (const difference of shown) {
          if (differences.length < maxDifferences) differences.push(difference);
          if (difference.kind === 'differs')
            for (const { field } of difference.fields) fieldCounts.set(field, (fieldCounts.get(field) ?? 0) + 1);
        }
        await writer?.write(shown);
      },
    );
    await writer?.commit();
    for (const notice of source.notices) observer.notice?.(notice);
    const { counts, notListed } = compared;
    const isEqual = counts.onlyInFile + counts.onlyInAccount + counts.differing + counts.unreadable === 0;
    return {
      command: 'compare',
      exitCode: options.exitCode === true && !isEqual ? exitCodes.someRowsFailed : exitCodes.done,
      input: { file: input.file, sha256: source.fingerprint.sha256, rows: counter.rows },
      customers: mirror.count(),
      counts,
      fields: [...fieldCounts].map(([field, count]) => ({ field, count })).sort((a, b) => b.count - a.count),
      notCompared: [
        ...withoutColumn.map((field) => ({ field, why: 'no_column', rows: counter.rows }) as const),
        ...[...notListed].map(([field, count]) => ({ field, why: 'not_listed', rows: count }) as const),
      ],
      api: summariseApi(client),
      output: output ?? null,
      differences,
    };
  } catch (error) {
    await writer?.discard();
    throw error;
  } finally {
    matcher?.close();
  }
}

async function* countRows(source: InputSource, counter: { rows: number }) {
  for await (const batch of source.batches()) {
    counter.rows += batch.length;
    yield batch;
  }
}

function openMatcher(mapping: Mapping, mapper: CompiledMapping, mirror: CustomerMirror): FieldMatcher | undefined {
  const isMapped = (field: string) => mapper.findColumns(field).length > 0;
  const match = mapping.match.filter((fields) => fields.every(isMapped));
  return match.length === 0 ? undefined : createFieldMatcher(mirror, match, mapper.country);
}

function findByMatch({ draft }: MappedRow, matcher: FieldMatcher | undefined): readonly string[] {
  return matcher?.findCodes(draft) ?? [];
}

/** Makes the function that writes a customer as a row of the file: what an export has in the columns that the file has. */
function createCellWriter(
  mapping: Mapping,
  { columns }: InputSource,
  mirror: CustomerMirror,
  findKey: (customerCode: string) => string | undefined,
): (customer: Customer) => readonly Cell[] {
  let first: Customer = {};
  for (const { customer } of mirror.all()) {
    first = customer;
    break;
  }
  const reversed = reverseMapping(mapping, {
    findKey: (customer) => findKey(String(customer.customerCode)),
    spelling: (field) => findFieldName(first, field),
  });
  const byName = new Map(reversed.columns.map((column) => [normaliseName(column.name), column]));
  const writers = columns.map((name) => byName.get(normaliseName(name)));
  return (customer) => writers.map((column) => column?.cell(customer) ?? '');
}

/** Reads a customer in full and keeps it, so that the next comparison need not. */
function createDetailReader({ client, ledger }: Connection) {
  return async (customerCode: string): Promise<Customer | undefined> => {
    const detail = await readDetail(client, customerCode);
    if (detail !== undefined) ledger.mirror.saveDetail(detail);
    return detail;
  };
}

/** Bank details differ or not; what they are stays where it is. */
function hideSecrets(difference: Difference): Difference {
  if (difference.kind !== 'differs' || !difference.fields.some(({ field }) => secretFields.has(field)))
    return difference;
  const hidden = '(not shown)';
  return {
    ...difference,
    fields: difference.fields.map((one) =>
      secretFields.has(one.field) ? { field: one.field, file: hidden, account: hidden } : one,
    ),
  };
}
