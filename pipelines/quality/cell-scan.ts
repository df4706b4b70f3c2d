import { shortenValue } from '#pipelines/mapping/cells.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import { secretFields } from '#pipelines/mapping/fields.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { type CellRepair, isWholeNumber } from '#pipelines/mapping/read-cells.js';
import { cellToText, type Row } from '#pipelines/model.js';
import type { DamageGroup } from './damage-issue.js';

/** What all rows of a file show about its cells and rows, in a form that can be stored as JSON. */
export interface CellReport {
  /** Columns in which every number has `.0` behind it: that is taken off. */
  readonly wholeNumbers: readonly string[];
  /** Cells that are read in another way than they are written. */
  readonly findings: readonly DamageGroup[];
  /** Rows that are no customers. */
  readonly nonCustomers: {
    readonly count: number;
    /** Of these, rows whose cells hold nothing. */
    readonly empty: number;
    /** The first few. */
    readonly rows: readonly number[];
    /** The last; 0 when there is none. */
    readonly last: number;
  };
}

/** Looks at the rows of a file while it is read. */
export interface CellScan {
  /** @returns the row with what its cells stand for; `undefined` for one that is no customer */
  add(row: Row): Row | undefined;
  report(): CellReport;
}

const maxRowsNamed = 5;

interface Tally {
  count: number;
  readonly rows: number[];
  value: string | undefined;
}

function addTo(tally: Tally, row: number, value: string | undefined): void {
  tally.count += 1;
  tally.value ??= value;
  if (tally.rows.length < maxRowsNamed && tally.rows.at(-1) !== row) tally.rows.push(row);
}

/** Cells that are read in the same way. */
interface RepairGroup {
  readonly repair: CellRepair;
  readonly positions: Set<number>;
  readonly tally: Tally;
}

const createTally = (): Tally => ({ count: 0, rows: [], value: undefined });

const asText = 'If the text is a value,';
const repairs = {
  'blank-token': {
    code: 'BLANK_TOKENS',
    message: 'The text stands for nothing and is read as a blank cell.',
    suggestion: `${asText} set "blankTokens": { "allow": [ ] } in the mapping.`,
  },
  guard: {
    code: 'GUARDS_REMOVED',
    message: 'An apostrophe, or =" ", keeps spreadsheet programs from changing the value; it is read without.',
    suggestion: `${asText} set "cellTexts": "asWritten" in the mapping.`,
  },
  separator: {
    code: 'SEPARATORS_REMOVED',
    message: 'The cell has control characters, which nobody sees; it is read without.',
    suggestion: `${asText} set "cellTexts": "asWritten" in the mapping.`,
  },
  'whole-number': {
    code: 'NUMBERS_WERE_FLOATS',
    message:
      'All numbers of the column have ".0" behind them, as programs write whole numbers that they took for decimal ones; they are read without.',
    suggestion:
      'Leading zeros are lost: export the column as text. If ".0" belongs to the values, set "cellTexts": "asWritten" in the mapping.',
  },
} as const satisfies Record<CellRepair, Pick<DamageGroup, 'code' | 'message' | 'suggestion'>>;

export function startCellScan(mapper: CompiledMapping, columns: readonly string[], isClean: boolean): CellScan {
  const secret = new Set([...secretFields].flatMap((field) => mapper.findColumns(field)));
  const found = new Map<string, RepairGroup>();
  const nonCustomers = createTally();
  // A column drops out with the first value that is another.
  let candidates = isClean ? mapper.textPositions.map((position) => ({ position, tally: createTally() })) : [];
  let row = 0;
  let lastNonCustomer = 0;
  let empty = 0;

  const onRepair = (repair: CellRepair, position: number, text: string): void => {
    const name = repair === 'blank-token' ? `${repair} ${trimText(text)}` : repair;
    let group = found.get(name);
    if (group === undefined) {
      group = { repair, positions: new Set(), tally: createTally() };
      found.set(name, group);
    }
    group.positions.add(position);
    addTo(group.tally, row, secret.has(columns[position] ?? '') ? undefined : text);
  };

  function buildFinding({ repair, positions, tally: { count, rows, value } }: RepairGroup): DamageGroup {
    const names = [...positions].map((position) => columns[position] ?? '');
    return {
      ...repairs[repair],
      columns: names,
      count,
      rows,
      ...(value === undefined ? {} : { value: shortenValue(value) }),
    };
  }

  return {
    add(next) {
      row = next.number;
      const other = mapper.recognise(next);
      if (other !== undefined) {
        if (other.isEmpty) empty += 1;
        addTo(nonCustomers, row, undefined);
        lastNonCustomer = row;
        return undefined;
      }
      if (next.issues !== undefined) return next;
      const read = mapper.readCells(next, onRepair);
      if (candidates.length === 0) return read;
      const { cells } = read;
      candidates = candidates.filter(({ position, tally }) => {
        const text = trimText(cellToText(cells[position]));
        if (text === '') return true;
        if (!isWholeNumber(text)) return false;
        addTo(tally, row, text);
        return true;
      });
      return read;
    },
    report() {
      const floats = candidates.filter(({ tally }) => tally.count > 0);
      const groups = [
        ...found.values(),
        ...floats.map(({ position, tally }) => ({
          repair: 'whole-number' as const,
          positions: new Set([position]),
          tally,
        })),
      ];
      const { count, rows } = nonCustomers;
      return {
        wholeNumbers: floats.map(({ position }) => columns[position] ?? ''),
        findings: groups.map(buildFinding),
        nonCustomers: { count, empty, rows, last: lastNonCustomer },
      };
    },
  };
}

/** A smaller share of a file are its totals and notes. */
const expectedPercent = 5;

/** What to say of the rows that are no customers, where there are more than usual. */
export function describeNonCustomers(
  { count, rows }: CellReport['nonCustomers'],
  total: number,
): readonly DamageGroup[] {
  if ((100 * count) / Math.max(1, total) <= expectedPercent) return [];
  const percent = ((100 * count) / total).toFixed(1);
  return [
    {
      code: 'NOT_A_CUSTOMER',
      columns: [],
      count,
      rows,
      message: `${count} of ${total} rows (${percent} %) look like totals, a second header or notes and are skipped; the first is row ${rows[0] ?? 0}.`,
      suggestion: 'Check them in the result file. If they are customers, add --keep-all-rows.',
    },
  ];
}

/** With more, the file is not a list of customers, or customers are not recognised. */
const maxPercent = 50;

/** Why an import of this file should not start; `undefined` when nothing speaks against it. */
export function findTooManyNonCustomers(
  { count, empty, rows }: CellReport['nonCustomers'],
  total: number,
): string | undefined {
  const [others, filled] = [count - empty, total - empty];
  if ((100 * others) / Math.max(1, filled) <= maxPercent) return undefined;
  return `${others} of ${filled} rows look like totals, a second header or notes, and not like customers (first row ${rows[0] ?? 0}).`;
}
