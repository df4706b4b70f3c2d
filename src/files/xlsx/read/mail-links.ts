import { parseRange, sheetGrid } from '#src/files/xlsx/cell-reference.js';
import type { Archive } from './archive.js';
import { readRelationships, type WorksheetEntry } from './workbook-index.js';
import { decodePart } from './xml-parser.js';

/** Finds the e-mail address that a cell is linked to; the row and the column count from 1. */
export type FindMailLink = (row: number, column: number) => string | undefined;

const mailAddress = /^mailto:([^?]+)/i;
/** A link over whole columns is of no use here, and must not fill the memory. */
const maxCellsOfLink = 1000;
/** Excel itself allows 65,530 links. */
const maxLinks = 200_000;

/**
 * Reads which cells of a sheet are linked to an e-mail address; `undefined` when none is. A sheet lists its links after
 * its rows, so the part is read to its end, but only where the sheet has links of this kind.
 */
export async function readMailLinks(archive: Archive, sheet: WorksheetEntry): Promise<FindMailLink | undefined> {
  const addresses = new Map<string, string>();
  for (const { id, kind, target } of await readRelationships(archive, sheet.part)) {
    const address = kind === 'hyperlink' ? mailAddress.exec(target)?.[1] : undefined;
    if (address !== undefined) addresses.set(id, decodeAddress(address));
  }
  if (addresses.size === 0) return undefined;
  const links = new Map<number, string>();
  for (const [, attributes = ''] of (await readBehindRows(archive, sheet)).matchAll(linkTag)) {
    const address = addresses.get(readAttribute(attributes, /\w+:id/) ?? '');
    const range = parseRange(readAttribute(attributes, /\bref/) ?? '');
    if (address === undefined || range === undefined) continue;
    const { firstRow, lastRow, firstColumn, lastColumn } = range;
    if (links.size > maxLinks || (lastRow - firstRow + 1) * (lastColumn - firstColumn + 1) > maxCellsOfLink) continue;
    for (let row = firstRow; row <= lastRow; row++)
      for (let column = firstColumn; column <= lastColumn; column++) links.set(place(row, column), address);
  }
  return (row, column) => links.get(place(row, column));
}

function place(row: number, column: number): number {
  return row * sheetGrid.maxColumn + column - 1;
}

const linkTag = /<(?:\w+:)?hyperlink\s([^<>]*)>/g;

function readAttribute(attributes: string, name: RegExp): string | undefined {
  return new RegExp(`${name.source}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`)
    .exec(attributes)
    ?.slice(1)
    .find((text) => text);
}

/** The markup of a sheet behind its rows. */
async function readBehindRows(archive: Archive, sheet: WorksheetEntry): Promise<string> {
  const place = { ...archive.place, sheet: sheet.name, part: sheet.part };
  let isBehind = false;
  let text = '';
  for await (const chunk of decodePart(archive.read(sheet.part), place)) {
    // A tag may lie in two chunks.
    text = isBehind ? text + chunk : text.slice(-maxTagCharacters) + chunk;
    if (isBehind) {
      if (text.length > archive.limits.maxIndexPartBytes) return '';
      continue;
    }
    const end = text.search(endOfRows);
    isBehind = end >= 0;
    if (isBehind) text = text.slice(end);
  }
  return isBehind ? text : '';
}

/** With any prefix. */
const endOfRows = /<\/(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*\/>/;
const maxTagCharacters = 64;

function decodeAddress(address: string): string {
  try {
    return decodeURIComponent(address).trim();
  } catch {
    return address.trim();
  }
}
