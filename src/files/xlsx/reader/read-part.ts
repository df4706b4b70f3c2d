import type { Archive } from './archive.js';
import { decodePart } from './decode-part.js';
import { type XmlHandler, XmlParser } from './xml-parser.js';

/** Parses a part that is small enough to be held in memory: relationships, workbook, styles. */
export async function readIndexPart(archive: Archive, part: string, handler: XmlHandler): Promise<void> {
  const place = { ...archive.place, part };
  const parser = new XmlParser(handler, place, archive.limits);
  for await (const text of decodePart(archive.read(part, archive.limits.maxIndexPartBytes), place)) parser.write(text);
  parser.end();
}
