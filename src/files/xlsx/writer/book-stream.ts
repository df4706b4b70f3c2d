import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { AtomicFile } from '#src/files/atomic-file.js';

/** A sheet of a workbook that is being written; one at a time, since the archive takes one after the other. */
export interface SheetStream {
  /** Adds rows that are XML already, and waits while too many wait for the disk. */
  write(xml: string): Promise<void>;
  end(rows: number): void;
}

export interface SheetPlan {
  readonly name: string;
  readonly header: readonly string[];
  readonly columns: readonly { readonly width: number; readonly format: string | undefined }[];
  /** A frozen header with a filter, and no warnings of numbers that are texts. */
  readonly isTable: boolean;
}

export interface BookStream {
  /** The number of the cell style with this number format. */
  styleOf(format: string): number;
  beginSheet(plan: SheetPlan): SheetStream;
  /** Waits until the last byte is with the operating system. */
  end(): Promise<void>;
  destroy(): void;
}

/** Bytes that may wait inside exceljs for the disk: it queues without limit unless its user waits. */
const mostBytesWaiting = 1 << 20;
/** The usual 6 takes half again as long as everything else together, for a file that is a seventh smaller. */
const compressionLevel = 2;

/** What exceljs has and its types leave out; `test/files/xlsx/export-workbook.test.ts` notices when it changes. */
interface SheetInside {
  readonly stream: { write(xml: string): unknown; readonly pipes: readonly { readonly writableLength?: number }[] };
  _writeLegacyData(): void;
}
interface BookInside {
  readonly styles: { addStyleModel(style: { readonly numFmt: string }): number };
}

/** Begins a workbook in a file of its own. exceljs makes the container: archive, parts, relations, styles, columns. */
export async function beginBook(file: AtomicFile): Promise<BookStream> {
  // Loaded here because it costs a fifth of a second, which commands without a workbook need not pay.
  const { default: excel } = await import('exceljs');
  const stream = createWriteStream(file.partPath);
  const failed = new Promise<never>((_, reject) => stream.on('error', reject));
  failed.catch(() => undefined);
  const zip = { zlib: { level: compressionLevel } };
  const workbook = new excel.stream.xlsx.WorkbookWriter({ stream, zip, useStyles: true, useSharedStrings: false });
  const { styles } = workbook as unknown as BookInside;
  return {
    styleOf: (format) => styles.addStyleModel({ numFmt: format }),
    beginSheet({ name, header, columns, isTable }) {
      const sheet = workbook.addWorksheet(name, isTable ? { views: [{ state: 'frozen', ySplit: 1 }] } : {});
      sheet.columns = columns.map(({ width, format }) => ({
        width,
        ...(format === undefined ? {} : { style: { numFmt: format } }),
      }));
      const top = sheet.addRow([...header]);
      top.eachCell((cell) => {
        cell.style = { font: { name: 'Calibri', size: 11, bold: true }, numFmt: '@' };
      });
      top.commit();
      const inside = sheet as unknown as SheetInside;
      return {
        async write(xml) {
          inside.stream.write(xml);
          await Promise.race([settled(inside, stream), failed]);
        },
        end(rows) {
          if (isTable) {
            sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: rows + 1, column: header.length } };
            writeBeforeDrawings(inside, textsThatLookLikeNumbers(header.length));
          }
          sheet.commit();
        },
      };
    },
    async end() {
      await Promise.race([workbook.commit(), failed]);
      if (!stream.closed) await Promise.race([once(stream, 'close'), failed]);
    },
    destroy: () => {
      stream.destroy();
    },
  };
}

/** Codes and post codes are texts on purpose: Excel need not mark each with a green triangle. */
function textsThatLookLikeNumbers(columns: number): string {
  const last = String.fromCharCode(64 + Math.min(columns, 26));
  const range = columns > 26 ? 'A1:XFD1048576' : `A1:${last}1048576`;
  return `<ignoredErrors><ignoredError sqref="${range}" numberStoredAsText="1"/></ignoredErrors>`;
}

/** The format wants its parts in a fixed order, and exceljs does not know this one. */
function writeBeforeDrawings(sheet: SheetInside, xml: string): void {
  const write = sheet._writeLegacyData.bind(sheet);
  sheet._writeLegacyData = () => {
    sheet.stream.write(xml);
    write();
  };
}

/** Waits until what exceljs has queued is on its way to the disk. */
async function settled(
  { stream: queue }: SheetInside,
  stream: NodeJS.WritableStream & { writableNeedDrain: boolean },
): Promise<void> {
  for (;;) {
    await setImmediate();
    if (stream.writableNeedDrain) await once(stream, 'drain');
    const [pipe] = queue.pipes;
    // Without a pipe, the archive is still at the sheet before.
    if (pipe !== undefined && (pipe.writableLength ?? 0) < mostBytesWaiting) return;
  }
}
