import type { Notice, SourceDetection } from '../../../pipelines/ports.js';
import type { Row } from '../../../pipelines/row.js';
import type { InputSource, OpenOptions } from '../input-source.js';
import { isEmptyRow } from '../table/find-header.js';
import { createRowWatch, type RowWatch } from '../table/row-watch.js';
import { lineEndOf } from '../text/line-census.js';
import { type ByteOrigin, openText, type TextInput } from '../text/open-text.js';
import { chooseDialect } from './choose-dialect.js';
import type { Dialect } from './dialect.js';
import { type CsvTable, findTable } from './find-table.js';
import { type CsvText, readRecords } from './reader/read-records.js';
import { type RowShape, shapeRow } from './shape-row.js';

/**
 * Opens a CSV text in whatever dialect it is.
 *
 * @throws InputError when the bytes are no text, or hold no table
 * @throws UsageError `UNKNOWN_ENCODING`, `BAD_DELIMITER`
 */
export async function openCsv(origin: ByteOrigin, options: OpenOptions): Promise<InputSource> {
  const text = await openText(origin, options);
  const dialect = await chooseDialect(text, options);
  const csv: CsvText = { name: origin.file.name, dialect, chunks: () => text.chunks() };
  const table = await findTable(csv, options);
  return csvSource(text, csv, table);
}

function csvSource(text: TextInput, csv: CsvText, table: CsvTable): InputSource {
  const { columns } = table;
  const ofTheFile = [...text.notices, ...returnNotice(text, csv.dialect), ...columns.notices];
  let watch = createRowWatch();
  return {
    file: csv.name,
    format: 'csv',
    columns: columns.columns,
    duplicateColumns: columns.duplicateColumns,
    fingerprint: text.fingerprint,
    detected: detection(text, csv.dialect, table),
    get notices() {
      return [...ofTheFile, ...watch.notices()];
    },
    batches() {
      watch = createRowWatch();
      return rowBatches(csv, table, text.holdsNuls, watch);
    },
  };
}

async function* rowBatches(csv: CsvText, table: CsvTable, holdsNuls: boolean, watch: RowWatch) {
  const shape: RowShape = { table: table.columns, holdsNuls, delimiter: csv.dialect.delimiter };
  let index = 0;
  for await (const records of readRecords(csv)) {
    const rows: Row[] = [];
    for (const record of records) {
      if (record.line <= table.headerLine) continue;
      if (isEmptyRow(record.cells)) {
        watch.emptyRow(record.cells.length === 1);
        continue;
      }
      const row = shapeRow(record, index, shape);
      index += 1;
      watch.dataRow(row.number, row.cells);
      rows.push(row);
    }
    if (rows.length > 0) yield rows;
  }
}

function detection(text: TextInput, dialect: Dialect, table: CsvTable): SourceDetection {
  const lineEnd = lineEndOf(text.lineEnds);
  return {
    format: 'csv',
    encoding: text.encoding,
    bom: text.bom,
    delimiter: dialect.delimiter,
    ...(lineEnd === undefined ? {} : { lineEnd }),
    ...(text.compression === undefined ? {} : { compression: text.compression }),
    headerRow: table.headerLine,
  };
}

/** A return that is taken for text must be told: another program would begin a row there. */
function returnNotice(text: TextInput, dialect: Dialect): Notice[] {
  const { cr } = text.lineEnds;
  if (cr === 0 || dialect.returnEndsRow) return [];
  return [
    {
      code: 'STRAY_RETURNS',
      message:
        `${cr} carriage ${cr === 1 ? 'return stands' : 'returns stand'} inside cells without quotation marks and ` +
        'were kept as text. Check these cells.',
    },
  ];
}
