import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Cell, Row } from '#pipelines/row.js';
import type { InputSource } from '#src/files/input-source.js';
import { type OpenWorkbookOptions, openWorkbook } from '#src/files/xlsx/reader/open-workbook.js';
import { makeZip, type ZipEntry } from './make-zip.js';

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
export function stylesOf(...codes: readonly string[]): string {
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

export async function open(recipe: WorkbookRecipe, options?: OpenWorkbookOptions): Promise<InputSource> {
  return openWorkbook(saveFile(makeWorkbook(recipe)), { displayName: 'customers.xlsx', ...options });
}

export async function rowsOf(source: InputSource): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of source.batches()) rows.push(...batch);
  return rows;
}

/** The cells of all data rows. */
export async function read(recipe: WorkbookRecipe, options?: OpenWorkbookOptions): Promise<(readonly Cell[])[]> {
  return (await rowsOf(await open(recipe, options))).map(({ cells }) => cells);
}

/** The first cell of the first data row below a header that was added. */
export async function readCell(cell: string, recipe: WorkbookRecipe = {}): Promise<Cell | undefined> {
  const rows = `${textRow(1, 'Value', 'Mark')}<row r="2">${cell}${textCell('B2', 'x')}</row>`;
  return (await read({ ...recipe, rows }))[0]?.[0];
}
