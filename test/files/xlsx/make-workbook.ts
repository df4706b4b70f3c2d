import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll } from 'vitest';
import type { Cell, Row } from '#pipelines/model.js';
import type { WorkbookSource } from '#src/files/input-source.js';
import { type OpenWorkbookOptions, openWorkbook } from '#src/files/xlsx/read/open-workbook.js';

/** One entry of a zip made by hand; the flags make the traps that real programs set. */
interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  /** Not deflated. */
  readonly isStored?: boolean;
  /** Sizes and checksum follow the data, as streaming writers do it. */
  readonly hasDescriptor?: boolean;
  /** Sizes in the zip64 extra field. */
  readonly isZip64?: boolean;
  readonly isEncrypted?: boolean;
  /** Lies about the checksum. */
  readonly crc?: number;
}

const localSignature = 0x04034b50;
const descriptorSignature = 0x08074b50;
const directorySignature = 0x02014b50;
const endSignature = 0x06054b50;
const all32Bits = 0xffffffff;

/** Writes a zip archive byte by byte. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const packed = packEntry(entry);
    const body = Buffer.concat([header(localSignature, packed, entry), packed.data, descriptor(packed, entry)]);
    directory.push(header(directorySignature, packed, entry, offset));
    local.push(body);
    offset += body.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endSignature, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directoryBytes, end]);
}

interface Packed {
  readonly data: Buffer;
  readonly crc: number;
  readonly size: number;
}

function packEntry(entry: ZipEntry): Packed {
  const bytes = Buffer.from(entry.content);
  const data = entry.isStored ? bytes : deflateRawSync(bytes);
  return { data, crc: entry.crc ?? crc32(bytes), size: bytes.length };
}

function header(signature: number, packed: Packed, entry: ZipEntry, offset?: number): Buffer {
  const isLocal = offset === undefined;
  const shift = isLocal ? 0 : 2;
  const name = Buffer.from(entry.name);
  const extra = entry.isZip64 ? zip64Extra(packed) : Buffer.alloc(0);
  const fixed = Buffer.alloc(isLocal ? 30 : 46);
  const isDelayed = isLocal && entry.hasDescriptor === true;
  fixed.writeUInt32LE(signature, 0);
  fixed.writeUInt16LE(entry.isZip64 ? 45 : 20, 4 + shift);
  fixed.writeUInt16LE((entry.hasDescriptor ? 8 : 0) | (entry.isEncrypted ? 1 : 0), 6 + shift);
  fixed.writeUInt16LE(entry.isStored ? 0 : 8, 8 + shift);
  fixed.writeUInt32LE(isDelayed ? 0 : packed.crc, 14 + shift);
  fixed.writeUInt32LE(isDelayed ? 0 : entry.isZip64 ? all32Bits : packed.data.length, 18 + shift);
  fixed.writeUInt32LE(isDelayed ? 0 : entry.isZip64 ? all32Bits : packed.size, 22 + shift);
  fixed.writeUInt16LE(name.length, 26 + shift);
  fixed.writeUInt16LE(extra.length, 28 + shift);
  if (offset !== undefined) fixed.writeUInt32LE(offset, 42);
  return Buffer.concat([fixed, name, extra]);
}

function zip64Extra(packed: Packed): Buffer {
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(packed.size), 4);
  extra.writeBigUInt64LE(BigInt(packed.data.length), 12);
  return extra;
}

function descriptor(packed: Packed, entry: ZipEntry): Buffer {
  if (!entry.hasDescriptor) return Buffer.alloc(0);
  const bytes = Buffer.alloc(entry.isZip64 ? 24 : 16);
  bytes.writeUInt32LE(descriptorSignature, 0);
  bytes.writeUInt32LE(packed.crc, 4);
  if (entry.isZip64) {
    bytes.writeBigUInt64LE(BigInt(packed.data.length), 8);
    bytes.writeBigUInt64LE(BigInt(packed.size), 16);
  } else {
    bytes.writeUInt32LE(packed.data.length, 8);
    bytes.writeUInt32LE(packed.size, 12);
  }
  return bytes;
}

export const mainNamespace = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const strictNamespace = 'http://purl.oclc.org/ooxml/spreadsheetml/main';
const transitional = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const strict = 'http://purl.oclc.org/ooxml/officeDocument/relationships';

/** A workbook in the parts that matter; what is not given is as Excel writes it. */
export interface WorkbookRecipe {
  /** The content of `sheetData`. */
  readonly rows?: string;
  /** Goes before and after `sheetData`. */
  readonly beforeRows?: string;
  readonly afterRows?: string;
  /** The content of `sst`; no such part when absent. */
  readonly shared?: string;
  /** The content of `styleSheet`. */
  readonly styles?: string;
  readonly workbookProperties?: string;
  /** More sheets: their names, attributes and rows. */
  readonly moreSheets?: readonly { readonly name: string; readonly rows: string; readonly state?: string }[];
  readonly sheetState?: string;
  readonly isStrict?: boolean;
  /** A namespace prefix for every tag, as the OpenXML SDK writes it. */
  readonly prefix?: string;
  readonly sheetPart?: string;
  readonly sheetTarget?: string;
  /** The last word on single parts, by name; `null` leaves a part out. */
  readonly parts?: Readonly<Record<string, string | Buffer | null>>;
  readonly entryOptions?: Partial<ZipEntry>;
  /** The order of the parts in the archive. */
  readonly order?: readonly string[];
}

/** The parts of the workbook, by name. */
export function workbookParts(recipe: WorkbookRecipe): Map<string, string | Buffer> {
  const { prefix = '', isStrict = false, moreSheets = [] } = recipe;
  const colon = prefix === '' ? '' : `${prefix}:`;
  const namespace = isStrict ? strictNamespace : mainNamespace;
  const xmlns = `xmlns${prefix === '' ? '' : `:${prefix}`}="${namespace}"`;
  const relations = isStrict ? strict : transitional;
  const relation = (id: string, kind: string, target: string) =>
    `<Relationship Id="${id}" Type="${relations}/${kind}" Target="${target}"/>`;
  const relationships = (content: string) =>
    `${declaration}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${content}</Relationships>`;
  const root = (tag: string, content: string) => `${declaration}<${colon}${tag} ${xmlns}>${content}</${colon}${tag}>`;
  const sheetPart = recipe.sheetPart ?? 'xl/worksheets/sheet1.xml';
  const sheets = [{ name: 'Customers', state: recipe.sheetState ?? 'visible' }, ...moreSheets];
  const parts = new Map<string, string | Buffer>([
    ['[Content_Types].xml', `${declaration}<Types/>`],
    ['_rels/.rels', relationships(relation('rId1', 'officeDocument', 'xl/workbook.xml'))],
    [
      'xl/workbook.xml',
      `${declaration}<${colon}workbook ${xmlns} xmlns:r="${relations}">${recipe.workbookProperties ?? ''}<${colon}sheets>${sheets
        .map(
          ({ name, state = 'visible' }, at) =>
            `<${colon}sheet name="${name}" sheetId="${at + 1}" state="${state}" r:id="rId${at + 1}"/>`,
        )
        .join('')}</${colon}sheets></${colon}workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relationships(
        [
          relation('rId1', 'worksheet', recipe.sheetTarget ?? 'worksheets/sheet1.xml'),
          ...moreSheets.map((_, at) => relation(`rId${at + 2}`, 'worksheet', `worksheets/sheet${at + 2}.xml`)),
          recipe.styles === undefined ? '' : relation('rIdStyles', 'styles', 'styles.xml'),
          recipe.shared === undefined ? '' : relation('rIdShared', 'sharedStrings', 'sharedStrings.xml'),
        ].join(''),
      ),
    ],
    [
      sheetPart,
      root(
        'worksheet',
        `${recipe.beforeRows ?? ''}<${colon}sheetData>${recipe.rows ?? ''}</${colon}sheetData>${recipe.afterRows ?? ''}`,
      ),
    ],
  ]);
  for (const [at, { rows }] of moreSheets.entries())
    parts.set(`xl/worksheets/sheet${at + 2}.xml`, root('worksheet', `<${colon}sheetData>${rows}</${colon}sheetData>`));
  if (recipe.styles !== undefined) parts.set('xl/styles.xml', root('styleSheet', recipe.styles));
  if (recipe.shared !== undefined) parts.set('xl/sharedStrings.xml', root('sst', recipe.shared));
  for (const [name, content] of Object.entries(recipe.parts ?? {}))
    if (content === null) parts.delete(name);
    else parts.set(name, content);
  return parts;
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** The workbook as the bytes of a .xlsx file. */
export function makeWorkbook(recipe: WorkbookRecipe): Buffer {
  const parts = workbookParts(recipe);
  const names = [...new Set([...(recipe.order ?? []), ...parts.keys()])];
  return makeZip(names.map((name) => ({ name, content: parts.get(name) ?? '', ...recipe.entryOptions })));
}

/** A row of inline strings, one per column from A. */
export function textRow(number: number, ...texts: readonly string[]): string {
  const cells = texts.map((text, at) => textCell(`${String.fromCharCode(65 + at)}${number}`, text));
  return `<row r="${number}">${cells.join('')}</row>`;
}

export function textCell(reference: string, text: string): string {
  return `<c r="${reference}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Styles whose cell style number n has the n-th of these format codes. */
export function buildStyles(...codes: readonly string[]): string {
  const formats = codes.map(
    (code, at) => `<numFmt numFmtId="${200 + at}" formatCode="${escapeXml(code).replaceAll('"', '&quot;')}"/>`,
  );
  const styles = codes.map((_, at) => `<xf numFmtId="${200 + at}"/>`);
  return `<numFmts>${formats.join('')}</numFmts><cellXfs>${styles.join('')}</cellXfs>`;
}

const folder = mkdtempSync(join(tmpdir(), 'xlsx-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** Saves bytes under a new name. */
export function saveFile(bytes: Buffer | string, name = 'customers.xlsx'): string {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, bytes);
  return path;
}

export async function open(recipe: WorkbookRecipe, options?: OpenWorkbookOptions): Promise<WorkbookSource> {
  return openWorkbook(saveFile(makeWorkbook(recipe)), { displayName: 'customers.xlsx', ...options });
}

export async function readRows(source: WorkbookSource): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of source.batches()) rows.push(...batch);
  return rows;
}

/** The cells of all data rows. */
export async function read(recipe: WorkbookRecipe, options?: OpenWorkbookOptions): Promise<(readonly Cell[])[]> {
  return (await readRows(await open(recipe, options))).map(({ cells }) => cells);
}

/** The first cell of the first data row below a header that was added. */
export async function readCell(cell: string, recipe: WorkbookRecipe = {}): Promise<Cell | undefined> {
  const rows = `${textRow(1, 'Value', 'Mark')}<row r="2">${cell}${textCell('B2', 'x')}</row>`;
  return (await read({ ...recipe, rows }))[0]?.[0];
}
