import { unescapeFormula } from '#pipelines/formula-text.js';
import { type Cell, cellToText, type Row } from '#pipelines/model.js';
import { findOwnColumns, readOriginCustomer } from '#pipelines/own-columns.js';
import type { RowRanges } from '#pipelines/ports.js';
import type { AdoptRows, FileSource, OpenOptions, RowAdopter, RowVisitor, SourceColumns } from './input-source.js';

/** Where the columns of the user and our own stand in the rows of a file. */
interface Split {
  readonly source: SourceColumns;
  readonly places: readonly number[];
  readonly width: number;
  readonly row: number;
  readonly run: number;
}

/** @returns `undefined` when all columns are the user's */
function splitColumns(source: SourceColumns): Split | undefined {
  const { columns } = source;
  const own = findOwnColumns(columns);
  if (own.size === 0) return undefined;
  const places = columns.flatMap((name, place) => (own.has(name) ? [] : [place]));
  return {
    source: {
      ...source,
      columns: places.map((place) => columns[place] ?? ''),
      ownColumns: columns.filter((name) => own.has(name)),
    },
    places,
    width: columns.length,
    row: columns.indexOf('_row'),
    run: columns.indexOf('_run'),
  };
}

/** A row without our own columns, which say where it comes from. */
function toReturnedRow(row: Row, { places, width, row: rowPlace, run: runPlace }: Split): Row {
  // Also of a workbook: it may be a CSV file of ours that a person has saved as one.
  const cells = row.cells.map(unescapeCell);
  const kept = places.flatMap((place) => cells[place] ?? []);
  const place = cellToText(cells[rowPlace]);
  const origin = readOrigin(cellToText(cells[runPlace]), place);
  const customer = readOriginCustomer(place);
  return {
    ...{ ...row, cells: [...kept, ...cells.slice(width)] },
    ...(origin === undefined ? {} : { origin }),
    ...(customer === undefined ? {} : { originCustomer: customer }),
  };
}

function unescapeCell(cell: Cell): Cell {
  return typeof cell === 'string' ? unescapeFormula(cell) : cell;
}

function readOrigin(run: string, row: string): Row['origin'] {
  // A spreadsheet program may show a whole number with a fraction.
  const number = /^\s*(\d+)(?:[.,]0+)?\s*$/.exec(row)?.[1];
  return run.trim() === '' || number === undefined ? undefined : { run: run.trim(), row: Number(number) };
}

/**
 * Opens a file that may be one that this program has written: rows of such a file know where they come from, and pass
 * through `adopt` before anybody else sees them.
 *
 * @param open - opens the file with our own columns
 */
export async function openReturnedFile(
  options: OpenOptions & { readonly adoptRows: AdoptRows },
  open: (options: OpenOptions) => Promise<FileSource>,
): Promise<FileSource> {
  const { adoptRows, visitRows } = options;
  let adopter: RowAdopter | undefined;
  const source = await open({
    ...options,
    resultColumns: true,
    visitRows: visitRows && ((columns) => visitReturned(columns)),
  });
  function visitReturned(columns: SourceColumns): RowVisitor {
    const split = splitColumns(columns);
    if (split === undefined || visitRows === undefined) return visitRows?.(columns) ?? (() => undefined);
    // The adopter decides what the columns mean, so it comes before the visitor asks.
    const first = adoptRows(split.source);
    adopter = first;
    const visit = visitRows(split.source);
    return (rows) => visit(first.adopt(rows.map((row) => toReturnedRow(row, split))));
  }
  const split = splitColumns(source);
  if (split === undefined) return source;
  const adoptBatches = async function* (batches: AsyncIterable<readonly Row[]>) {
    const fresh = adoptRows(split.source);
    adopter ??= fresh;
    for await (const rows of batches) yield fresh.adopt(rows.map((row) => toReturnedRow(row, split)));
  };
  const { scan: found, rowRanges: ranges } = source;
  // What an earlier process found is complete already.
  const scan = found && (found === options.scan ? found : { ...found, notices: [...found.notices, ...listNotices()] });
  function listNotices() {
    return adopter?.notices() ?? [];
  }
  const rowRanges: RowRanges | undefined = ranges && {
    all: ranges.all,
    readRanges: (wanted) => adoptBatches(ranges.readRanges(wanted)),
  };
  return {
    ...source,
    columns: split.source.columns,
    ownColumns: split.source.ownColumns ?? [],
    get notices() {
      return scan?.notices ?? [...source.notices, ...listNotices()];
    },
    scan,
    batches: () => adoptBatches(source.batches()),
    ...(rowRanges === undefined ? {} : { rowRanges }),
  };
}
