import type { Row } from '#pipelines/model.js';
import { isResultColumn } from '#pipelines/own-columns.js';
import type { RowSource } from '#pipelines/ports.js';
import type { DocumentIssue } from '#pipelines/shape.js';
import { propertyPath } from '#pipelines/shape.js';
import { createBlankTokens } from './blank-tokens.js';
import { type GatheredCell, gatherCells } from './cells.js';
import { compileField } from './compile-field.js';
import { compileExpression, computeRow, type PlacedExpression } from './expressions.js';
import { type FieldValue, identityFields } from './fields.js';
import { compileKey, type KeyColumnReading, type KeyPart } from './key.js';
import { listColumns } from './list-columns.js';
import { compileCommand, type MappedRow, mapRow, type RowTarget } from './map-row.js';
import type { ColumnRule, ExpressionRule, Mapping, MatchRule, Mode, ValueRule } from './mapping.js';
import { nearestNames, suggestNames } from './nearest-name.js';
import { normaliseName } from './normalise-name.js';
import { createRecogniser, type NonCustomer } from './not-a-customer.js';
import { buildCellReader, findTextPositions, type MappedCells, type OnRepair } from './read-cells.js';
import { buildWritePolicies, type WritePolicies } from './write-policies.js';

/** Finds the columns that a mapping names in the header of one file, and keeps track of those that it mentions. */
interface ColumnFinder {
  /** Positions of the columns, in the order of `names`; a column that cannot be found is reported. */
  findPositions(names: readonly string[], path: string): readonly number[];
  /**
   * Marks every column of this name as mentioned, even when there are several. A file may lack the column, as an export
   * of imported customers does; but when it has a column with a similar name, the name is reported as a typing error.
   */
  ignore(name: string, path: string): void;
  /** The columns that `findPositions` was asked for, where it has not found a single one. */
  listIfNoneFound(): readonly string[];
  /** Columns with a name that the mapping has not mentioned so far. */
  listUnmapped(): readonly string[];
}

/**
 * Exact names take precedence over names that differ only in case, spaces or compatibility forms. Of columns with one
 * name, the reader has given the later ones a number: the name itself is the first.
 *
 * @param problems - the list to which problems are added
 */
function createColumnFinder(columns: readonly string[], problems: DocumentIssue[]): ColumnFinder {
  const mentioned = new Set<number>();
  const normalised = columns.map(normaliseName);
  const missing = new Set<string>();
  let hasFound = false;

  function candidates(name: string): readonly number[] {
    const exact = columns.indexOf(name);
    return exact >= 0 ? [exact] : findAllPositions(normalised, normaliseName(name));
  }

  function find(name: string, path: string): number | undefined {
    const found = candidates(name);
    for (const position of found) mentioned.add(position);
    const [position] = found;
    if (position === undefined) missing.add(name);
    else hasFound = true;
    if (position === undefined)
      problems.push({ severity: 'error', code: 'COLUMN_MISSING', path, message: describeMissingColumn(name, columns) });
    else if (found.length > 1)
      problems.push({
        severity: 'error',
        code: 'COLUMN_AMBIGUOUS',
        path,
        message: describeAmbiguousColumn(name, found, columns),
      });
    return position;
  }

  return {
    findPositions: (names, path) =>
      names.flatMap((name, index) => find(name, names.length > 1 ? `${path}.columns[${index}]` : path) ?? []),
    ignore(name, path) {
      const found = candidates(name);
      for (const position of found) mentioned.add(position);
      const open = columns.filter((_, position) => !mentioned.has(position));
      if (found.length === 0 && (isResultColumn(name) || nearestNames(name, open).length > 0))
        problems.push({ severity: 'error', code: 'COLUMN_MISSING', path, message: describeMissingColumn(name, open) });
    },
    listIfNoneFound: () => (hasFound ? [] : [...missing]),
    listUnmapped: () => columns.filter((name, position) => name.trim() !== '' && !mentioned.has(position)),
  };
}

function findAllPositions(names: readonly string[], wanted: string): readonly number[] {
  return names.flatMap((name, position) => (name === wanted ? [position] : []));
}

function describeMissingColumn(name: string, columns: readonly string[]): string {
  if (isResultColumn(name)) return `"${name}" cannot be mapped: it is a result of an earlier run; map another column`;
  return `The file has no column "${name}"; ${suggestNames(name, columns)}`;
}

function describeAmbiguousColumn(name: string, found: readonly number[], columns: readonly string[]): string {
  const names = found.map((position) => `"${columns[position]}" (column ${position + 1})`).join(', ');
  return `"${name}" fits more than one column: ${names}; write the name as one of them has it`;
}

/** The fields of a mapping with their positions in one header, and the expressions among them. */
interface FieldTargets {
  readonly targets: readonly RowTarget[];
  /** In the order in which the targets expect their results. */
  readonly expressions: readonly PlacedExpression[];
}

/** Finds the columns of every field rule in the header of a file. */
function buildFieldTargets(mapping: Mapping, finder: ColumnFinder, columns: readonly string[]): FieldTargets {
  const expressions: PlacedExpression[] = [];
  const targets = mapping.fields.map((rule): RowTarget => {
    if (rule.kind === 'constant')
      return { kind: 'field', field: rule.field, positions: [], columns: [], read: () => rule.value };
    return rule.kind === 'columns' ? columnTarget(rule) : expressionTarget(rule);
  });
  return { targets, expressions };

  function columnTarget(rule: ColumnRule): RowTarget {
    const positions = finder.findPositions(rule.columns, propertyPath('fields', rule.field));
    const gather = gatherCells({
      ...{ positions, join: rule.join, takesFirst: rule.takesFirst },
      nullToken: mapping.nullToken,
    });
    return { ...named(rule, positions), read: compileField(rule, gather, mapping) };
  }

  function expressionTarget(rule: ExpressionRule): RowTarget {
    const path = `${propertyPath('fields', rule.field)}.expression`;
    const placed = rule.columns.flatMap((name) => finder.findPositions([name], path).map((at) => [name, at] as const));
    const compilation = compileExpression(rule.expression);
    if (!compilation.ok) throw new Error(`A parsed expression does not compile: ${compilation.faults[0]}`);
    const slot = expressions.push({ expression: compilation.expression, positions: new Map(placed) }) - 1;
    return {
      ...named(
        rule,
        placed.map(([, position]) => position),
      ),
      read: compileField(rule, (_cells, computed) => readResult(computed, slot, rule.field), mapping),
    };
  }

  function named({ field, otherwise, default: whenBlank }: ValueRule, positions: readonly number[]) {
    const names = positions.map((position) => columns[position] ?? '');
    const whenUnfit = otherwise === 'blank' ? { whenUnfit: { default: whenBlank } } : {};
    return { kind: 'field', field, positions, columns: names, ...whenUnfit } as const;
  }
}

function readResult<Result>(computed: readonly Result[] | undefined, slot: number, field: string): Result | undefined {
  if (computed !== undefined && slot < computed.length) return computed[slot];
  throw new Error(`The expression of ${field} was not evaluated: map rows with "mapAll"`);
}

/** A mapping compiled for one header. */
export interface CompiledMapping {
  readonly mode?: Mode;
  /** The fields that a draft can have, in the order of the mapping, with the stamp last. */
  readonly fields: readonly string[];
  /** Empty without a key. */
  readonly keyColumns: readonly string[];
  /** The field that also stores the key. */
  readonly stamp?: string;
  /** The system that the keys are of. */
  readonly keySource?: string;
  /** Of telephone numbers that do not say theirs: the one that the mapping names for them. */
  readonly country?: string;
  /** Lists of fields to find a customer by that neither code nor key tell. */
  readonly match: MatchRule;
  /** When values are written to customers that exist. */
  readonly policies: WritePolicies;
  /** Columns that the mapping does not mention, for a warning; empty with `"unmapped": "ignore"`. */
  readonly unmappedColumns: readonly string[];
  /** The file's names for the columns of a field; none for a fixed value. */
  findColumns(field: string): readonly string[];
  /** Maps rows, in their order. */
  mapAll(rows: readonly Row[]): Promise<readonly MappedRow[]>;
  /** Maps one row; only for a mapping without expressions. */
  map(row: Row): MappedRow;
  /** Fields of columns in which every number has `.0` behind it. */
  readonly wholeNumberFields: ReadonlySet<string>;
  /** Fields of which a value that does not fit is left out, with what takes its place, if anything. */
  readonly unfitDefaults: ReadonlyMap<string, FieldValue | undefined>;
  /** Whether a row without any name, key, e-mail address and telephone number is a customer. */
  readonly allowsNameless: boolean;
  /** Positions of the columns that are read as text, without those of the key. */
  readonly textPositions: readonly number[];
  /** The row with what its cells stand for. */
  readCells(row: Row, onRepair?: OnRepair): Row;
  /** Why a row of the file is no customer; `undefined` when it is one, or when all rows are kept. */
  recognise(row: Row): NonCustomer | undefined;
  /** The parts of a row's key as the file has them; `undefined` for a row without a usable one. */
  readKeyParts(row: Row): readonly KeyPart[] | undefined;
  /** The same mapping, with keys read as all keys of the file demand; one reading for each key column. */
  withKeyReadings(readings: readonly KeyColumnReading[]): CompiledMapping;
  /** The same mapping, for a file with columns in which every number has `.0` behind it. */
  withWholeNumbers(columns: readonly string[]): CompiledMapping;
}

type MappingCompilation =
  | { readonly ok: true; readonly compiled: CompiledMapping }
  | {
      readonly ok: false;
      readonly problems: readonly DocumentIssue[];
      /** The columns that the mapping takes values from, where the file has not one of them: it is another file. */
      readonly foreignTo?: readonly string[];
    };

/**
 * Compiles a mapping for the header of a file; reports all problems at once.
 *
 * @param columns - the header, in file order
 * @param format - for CSV, the apostrophe that an export adds before text that looks like a formula is removed
 */
export function compileMapping(
  mapping: Mapping,
  columns: readonly string[],
  format?: RowSource['format'],
): MappingCompilation {
  const problems: DocumentIssue[] = [];
  const finder = createColumnFinder(columns, problems);
  const fields = buildFieldTargets(mapping, finder, columns);
  const targets = [
    ...fields.targets,
    ...buildKeyTargets(mapping, finder, columns),
    ...buildCommandTargets(mapping, finder, columns),
  ];
  mapping.ignore.forEach((name, index) => {
    finder.ignore(name, `ignore[${index}]`);
  });
  const unmapped = finder.listUnmapped();
  const foreignTo = finder.listIfNoneFound();
  if (mapping.unmapped === 'error' && unmapped.length > 0)
    problems.push({
      severity: 'error',
      code: 'COLUMN_UNMAPPED',
      path: 'unmapped',
      message: describeUnmappedColumns(unmapped),
    });
  if (problems.length > 0) return { ok: false, problems, ...(foreignTo.length > 0 && { foreignTo }) };
  const parts: MappingParts = { mapping, columns, targets, expressions: fields.expressions, unmapped, format };
  return { ok: true, compiled: assemble(parts, { keys: [], wholeNumbers: [] }) };
}

function buildKeyTargets(
  { key, nullToken }: Mapping,
  finder: ColumnFinder,
  columns: readonly string[],
): readonly RowTarget[] {
  if (key === undefined) return [];
  const positions = finder.findPositions(key.columns, 'key');
  const names = positions.map((position) => columns[position] ?? '');
  const { stamp, source } = key;
  const { read, readUnformatted } = compileKey(positions, key, nullToken);
  const keySource = source === undefined ? {} : { keySource: source };
  return [{ kind: 'key', field: stamp, positions, columns: names, ...keySource, read, readUnformatted }];
}

function buildCommandTargets(
  { command }: Mapping,
  finder: ColumnFinder,
  columns: readonly string[],
): readonly RowTarget[] {
  if (command === undefined) return [];
  const positions = finder.findPositions([command], 'command');
  const names = positions.map((position) => columns[position] ?? '');
  return [{ kind: 'command', field: undefined, positions, columns: names, read: compileCommand(positions[0] ?? -1) }];
}

/** As the message of an error or a warning, without its full stop. */
export function describeUnmappedColumns(columns: readonly string[]): string {
  const them = columns.length === 1 ? 'it' : 'them';
  return `The mapping does not mention ${listColumns(columns)}; map ${them}, or add ${them} to "ignore"`;
}

const identityFieldNames: ReadonlySet<string | undefined> = new Set(identityFields);

/** The country that a phone transform of the mapping names, or the one that all customers get, or that of the profile. */
function findPhoneCountry({ fields, homeCountry }: Mapping): { readonly country?: string } {
  for (const rule of fields) {
    if (rule.kind === 'constant') continue;
    const country = rule.transforms.find(({ name }) => name === 'phone')?.options.country;
    if (typeof country === 'string') return { country };
  }
  const rule = fields.find(({ field }) => field === 'country');
  const fixed = rule?.kind === 'constant' ? rule.value : rule?.default;
  const country = typeof fixed === 'string' ? fixed : homeCountry;
  return country === undefined ? {} : { country };
}

/** A mapping whose columns were found in the header of a file. */
interface MappingParts extends MappedCells, FieldTargets {
  readonly unmapped: readonly string[];
}

/** What only all rows of a file tell about its cells. */
interface FileReading {
  readonly keys: readonly KeyColumnReading[];
  /** Columns in which every number has `.0` behind it. */
  readonly wholeNumbers: readonly string[];
}

function assemble(parts: MappingParts, reading: FileReading): CompiledMapping {
  const { mapping, columns, expressions, unmapped } = parts;
  const columnsByField = new Map(parts.targets.map((target) => [target.field, target.columns]));
  const { key, nullToken } = mapping;
  const keyTarget = parts.targets.find(({ kind }) => kind === 'key');
  const keys =
    keyTarget === undefined || key === undefined
      ? undefined
      : compileKey(keyTarget.positions, key, nullToken, reading.keys);
  const targets = parts.targets.map((target) =>
    target === keyTarget && keys !== undefined ? { ...target, read: keys.read } : target,
  );
  const blankTokens = createBlankTokens(mapping.blankTokens, nullToken);
  const reader = buildCellReader(parts, blankTokens, reading.wholeNumbers);
  const recognise = createRecogniser({ columns, targets, match: mapping.match.flat(), blankTokens });
  const isKept = mapping.source.keepAllRows === true;
  const read = (row: Row) => reader.read(row);
  const map = (row: Row, cells: Row, computed?: readonly GatheredCell[]): MappedRow => {
    const skip = isKept ? undefined : recognise(row)?.reason;
    return skip === undefined ? mapRow(targets, cells, computed) : { ...nothingMapped, skip };
  };
  return {
    ...(mapping.mode !== undefined && { mode: mapping.mode }),
    fields: targets.flatMap(({ field }) => (field === undefined || identityFieldNames.has(field) ? [] : [field])),
    keyColumns: keyTarget?.columns ?? [],
    ...(key?.stamp !== undefined && { stamp: key.stamp }),
    ...(key?.source !== undefined && { keySource: key.source }),
    ...findPhoneCountry(mapping),
    match: mapping.match,
    policies: buildWritePolicies(mapping),
    unmappedColumns: mapping.unmapped === 'warn' ? unmapped : [],
    textPositions: findTextPositions(parts),
    wholeNumberFields: findFieldsOf(targets, reading.wholeNumbers),
    unfitDefaults: new Map(
      targets.flatMap(({ field, whenUnfit }) =>
        field === undefined || whenUnfit === undefined ? [] : [[field, whenUnfit.default] as const],
      ),
    ),
    allowsNameless: mapping.nameless === 'allow',
    findColumns: (field) => columnsByField.get(field) ?? [],
    map: (row) => map(row, read(row)),
    mapAll: async (rows) => {
      if (expressions.length === 0) return rows.map((row) => map(row, read(row)));
      const mapped: MappedRow[] = [];
      for (const row of rows) {
        const cells = read(row);
        mapped.push(map(row, cells, await computeRow(expressions, columns, cells.cells, nullToken)));
      }
      return mapped;
    },
    recognise: (row) => (isKept ? undefined : recognise(row)),
    readCells: (row, onRepair) => reader.read(row, onRepair),
    readKeyParts: (row) => keys?.readParts(read(row).cells),
    withKeyReadings: (keyReadings) => assemble(parts, { ...reading, keys: keyReadings }),
    withWholeNumbers: (wholeNumbers) => assemble(parts, { ...reading, wholeNumbers }),
  };
}

/** Fields that are read from one of these columns. */
function findFieldsOf(targets: readonly RowTarget[], names: readonly string[]): ReadonlySet<string> {
  return new Set(
    targets.flatMap(({ kind, field, columns }) =>
      kind === 'field' && field !== undefined && columns.some((column) => names.includes(column)) ? [field] : [],
    ),
  );
}

const nothingMapped: MappedRow = { draft: {}, reasons: [], notes: [] };
