import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import { type KeyColumnReading, type KeyPart, type KeyShape, normaliseKey } from '#pipelines/mapping/key.js';
import { cellToText, type Row } from '#pipelines/model.js';
import type { DamageGroup } from './damage-issue.js';

/** What all keys of a file show together, in a form that can be stored as JSON. */
export interface KeyReport {
  /** Rows with a key. */
  readonly keys: number;
  /** How the keys of each key column are to be read. */
  readonly readings: readonly KeyColumnReading[];
  /** Rows of which the key is damaged. */
  readonly damaged: RowExamples;
  /** Rows that repeat the key of an earlier row with another name. */
  readonly renamed: RowExamples;
  /** The key column of which `.0` is taken off, with its first such key. */
  readonly floats?: {
    readonly column: string;
    readonly example: string;
    readonly count: number;
    readonly rows: readonly number[];
  };
}

interface RowExamples {
  readonly count: number;
  /** Lines or row numbers of the first few. */
  readonly rows: readonly number[];
  readonly example?: string;
}

/** Looks at the keys of a file while it is read, to find out whether they are keys. */
export interface KeyScan {
  add(row: Row): void;
  /** The result, after the last row. */
  report(): KeyReport;
}

const maxRowsNamed = 5;
/** As many rounded numbers of 16 digits or more, and not one that is not, are no accident. */
const minRounded = 3;

/** A growing list of numbers of 32 bits. */
class Hashes {
  #values = new Uint32Array(1 << 12);

  at(place: number): number {
    return this.#values[place] ?? 0;
  }

  set(place: number, hash: number): void {
    if (place >= this.#values.length) {
      const grown = new Uint32Array(Math.max(place + 1, this.#values.length * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[place] = hash;
  }
}

class Examples {
  count = 0;
  readonly rows: number[] = [];
  example: string | undefined;

  add(row: number, text: string): void {
    this.count += 1;
    this.example ??= text;
    if (this.rows.length < maxRowsNamed) this.rows.push(row);
  }

  toJson(): RowExamples {
    const { count, rows, example } = this;
    return { count, rows, ...(example === undefined ? {} : { example }) };
  }
}

const nameFields = ['customerName', 'firstName', 'lastName'] as const;

/** @returns `undefined` for a mapping without a key */
export function startKeyScan(mapper: CompiledMapping, columns: readonly string[]): KeyScan | undefined {
  if (mapper.keyColumns.length === 0) return undefined;
  const namePlaces = nameFields.flatMap((field) => mapper.findColumns(field)).map((name) => columns.indexOf(name));
  const shapes = mapper.keyColumns.map(() => new Map<KeyShape, Examples>());
  const seen = new FingerprintIndex();
  const names = new Hashes();
  const renamed = new Examples();
  let keys = 0;

  function addShapes(parts: readonly KeyPart[], row: number): void {
    for (const [position, { shape, text }] of parts.entries()) {
      const ofColumn = shapes[position];
      if (ofColumn === undefined) continue;
      let examples = ofColumn.get(shape);
      if (examples === undefined) {
        examples = new Examples();
        ofColumn.set(shape, examples);
      }
      examples.add(row, text);
    }
  }

  function addName(parts: readonly KeyPart[], { cells, number }: Row): void {
    const text = normaliseKey(parts.length === 1 ? (parts[0]?.text ?? '') : parts.map((part) => part.text).join('\n'));
    const before = seen.size;
    const place = seen.number(text);
    const name = hashName(namePlaces.map((at) => cellToText(cells[at])).join(' '));
    if (place === before) names.set(place, name);
    else if (name !== 0 && names.at(place) !== 0 && names.at(place) !== name) renamed.add(number, text);
  }

  return {
    add(row) {
      if (row.issues !== undefined) return;
      const parts = mapper.readKeyParts(row);
      if (parts === undefined) return;
      keys += 1;
      addShapes(parts, row.number);
      if (namePlaces.length > 0 && parts.every(({ failure }) => failure === undefined)) addName(parts, row);
    },
    report() {
      const readings = shapes.map((ofColumn) => chooseReading(ofColumn, keys));
      const damaged = mergeRefused(shapes, readings);
      const position = readings.findIndex(({ undoFloats }) => undoFloats);
      const floats = shapes[position]?.get('float');
      return {
        keys,
        readings,
        damaged,
        renamed: renamed.toJson(),
        ...(floats === undefined
          ? {}
          : {
              floats: {
                column: mapper.keyColumns[position] ?? '',
                example: floats.example ?? '',
                count: floats.count,
                rows: floats.rows,
              },
            }),
      };
    },
  };
}

function chooseReading(shapes: ReadonlyMap<KeyShape, Examples>, keys: number): KeyColumnReading {
  const count = (shape: KeyShape) => shapes.get(shape)?.count ?? 0;
  const undoFloats = count('float') > 0 && count('float') === keys - count('damaged');
  const refused: KeyShape[] = ['damaged'];
  if (count('date') > 0 && count('date') < keys) refused.push('date');
  // Numbers such as 1.0, 1.1, 1.2 count chapters: there, a zero belongs to the number.
  if (count('float') > 0 && !undoFloats && count('decimal') === 0) refused.push('float');
  if (count('rounded') >= minRounded && count('long') === 0) refused.push('rounded');
  return { undoFloats, refused };
}

function mergeRefused(
  shapes: readonly ReadonlyMap<KeyShape, Examples>[],
  readings: readonly KeyColumnReading[],
): RowExamples {
  const refused = readings.flatMap(({ refused }, position) =>
    refused.flatMap((shape) => shapes[position]?.get(shape)?.toJson() ?? []),
  );
  const [first] = refused;
  return {
    count: refused.reduce((sum, { count }) => sum + count, 0),
    rows: refused.flatMap(({ rows }) => rows).slice(0, maxRowsNamed),
    ...(first?.example === undefined ? {} : { example: first.example }),
  };
}

/** A fingerprint of a name without case, spaces and signs; zero for none. */
function hashName(name: string): number {
  let hash = 0;
  for (const character of name.toLowerCase().matchAll(/[\p{L}\p{N}]/gu)) {
    hash = Math.imul(hash ^ (character[0].codePointAt(0) ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
    if (hash === 0) hash = 1;
  }
  return hash >>> 0;
}

/** The keys of this file as they are read when damage does not matter. */
export function readKeysAsWritten(readings: readonly KeyColumnReading[]): readonly KeyColumnReading[] {
  return readings.map(({ undoFloats }) => ({ undoFloats, refused: [] }));
}

/** Whether some keys are refused that would be read if only their own row were known. */
export function refusesKeys(report: KeyReport | undefined): boolean {
  return report?.readings.some(({ refused }) => refused.some((shape) => shape !== 'damaged')) === true;
}

/** What to tell of keys that are read in another way than they are written. */
export function describeKeyReadings({ floats }: KeyReport): readonly DamageGroup[] {
  if (floats === undefined) return [];
  const { column, example, count, rows } = floats;
  return [
    {
      code: 'KEYS_WERE_FLOATS',
      columns: [column],
      count,
      rows,
      message: `All keys have ".0" behind them, as programs write whole numbers that they took for decimal ones; "${example}" is read as "${example.replace(/\.0+$/, '')}".`,
      suggestion: 'Export the column as text or as whole numbers, so that other programs read it rightly, too.',
      value: example,
    },
  ];
}

/** A smaller share of the rows does not stop an import: they end as invalid. */
const toleratedPercent = 10;
/** A name may be corrected between two rows of one customer. */
const toleratedRenamed = 5;

/** Why an import of this file should not start; `undefined` when nothing speaks against it. */
export function findKeyDamage({ damaged, renamed }: KeyReport, rows: number): string | undefined {
  const isTooMuch = ({ count }: RowExamples) => (100 * count) / rows > toleratedPercent;
  const place = ({ rows: first, example = '' }: RowExamples) => `first row ${first[0] ?? 0}, key "${example}"`;
  if (isTooMuch(damaged))
    return `${damaged.count} of ${rows} rows have a key that a spreadsheet program has damaged (${place(damaged)}).`;
  if (renamed.count > toleratedRenamed && isTooMuch(renamed))
    return `${renamed.count} of ${rows} rows repeat the key of an earlier row with another name (${place(renamed)}): the column does not hold keys.`;
  return undefined;
}
