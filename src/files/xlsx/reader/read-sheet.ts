import type { Archive } from './archive.js';
import { decodePart } from './decode-part.js';
import { FastParser } from './fast-parser.js';
import { makePlainRowReader } from './plain-row.js';
import type { SheetEvents } from './sheet-events.js';
import { SheetHandler } from './sheet-handler.js';
import type { WorksheetEntry } from './workbook-part.js';
import { XmlParser } from './xml-parser.js';

/**
 * Reads a worksheet; `events` hear of everything while this runs. It pauses after each piece of the file (about a
 * hundred rows), so that the caller can take the rows, or stop.
 */
export async function* readSheet(archive: Archive, sheet: WorksheetEntry, events: SheetEvents): AsyncGenerator<void> {
  const { limits } = archive;
  const place = { ...archive.place, sheet: sheet.name, part: sheet.part };
  const handler = new SheetHandler(events, place, limits.maxCellCharacters);
  const parser = new FastParser(
    new XmlParser(handler, place, limits),
    { container: 'sheetData', depth: 2, item: 'row', makeReader: (prefix) => makePlainRowReader(prefix, events) },
    limits.maxCharactersBetweenTags,
  );
  for await (const text of decodePart(archive.read(sheet.part), place)) {
    parser.write(text);
    yield;
  }
  parser.end();
}
