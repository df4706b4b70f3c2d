import type { Archive } from './archive.js';
import { decodeEscapes } from './cell-escapes.js';
import { readIndexPart } from './read-part.js';
import { refusal } from './refusal.js';
import { type Relationship, readRelationships } from './relationships.js';
import { isOn, type XmlAttributes } from './xml-parser.js';

export interface WorksheetEntry {
  readonly name: string;
  readonly part: string;
  readonly isHidden: boolean;
}

/** What the workbook part says: its worksheets in the order of their tabs, and where the shared parts are. */
export interface WorkbookIndex {
  readonly worksheets: readonly [WorksheetEntry, ...WorksheetEntry[]];
  readonly isDate1904: boolean;
  readonly stylesPart: string | undefined;
  readonly sharedTextsPart: string | undefined;
}

/** Follows the package's relationships to the workbook and its parts. */
export async function readWorkbookIndex(archive: Archive): Promise<WorkbookIndex> {
  const part = await findWorkbookPart(archive);
  const relationships = await readRelationships(archive, part);
  const { sheets, isDate1904 } = await readWorkbookPart(archive, part);
  const [first, ...others] = sheets.flatMap(({ name, relationshipId, isHidden }) => {
    const target = relationships.find(({ id }) => id === relationshipId);
    return target?.kind === 'worksheet' ? [{ name, part: target.part, isHidden }] : [];
  });
  if (first === undefined)
    throw refusal('NO_WORKSHEET', archive.place, 'the workbook has no worksheet (only charts or macros, or nothing).');
  return {
    worksheets: [first, ...others],
    isDate1904,
    stylesPart: findShared(archive, relationships, 'styles', part),
    sharedTextsPart: findShared(archive, relationships, 'sharedStrings', part),
  };
}

async function findWorkbookPart(archive: Archive): Promise<string> {
  const main = (await readRelationships(archive, '')).find(({ kind }) => kind === 'officeDocument');
  const part = main?.part ?? 'xl/workbook.xml';
  if (part.toLowerCase().endsWith('.bin'))
    throw refusal('WORKBOOK_IS_XLSB', archive.place, 'this is a binary workbook (.xlsb).');
  if (/\.xml$/i.test(part) && /^(?:word|ppt|visio)\//i.test(part))
    throw refusal('NOT_A_WORKBOOK', archive.place, 'this is another Office document, not a workbook.');
  if (archive.has(part)) return part;
  throw await otherPackageRefusal(archive, part);
}

/** OpenDocument and Numbers files are zip packages as well. */
async function otherPackageRefusal(archive: Archive, part: string): Promise<Error> {
  const { place } = archive;
  if (archive.has('mimetype') && archive.has('content.xml'))
    return refusal('WORKBOOK_IS_ODS', place, 'this is an OpenDocument file (.ods).');
  if (archive.has('Index/Document.iwa') || archive.has('Index.zip'))
    return refusal('WORKBOOK_IS_NUMBERS', place, 'this is a Numbers document.');
  if (archive.has('[Content_Types].xml') || archive.has('xl/_rels/workbook.xml.rels'))
    return refusal('XLSX_PART_MISSING', { ...place, part }, 'the workbook lacks its main part.');
  return refusal('NOT_A_WORKBOOK', place, 'this is a zip archive, but not a workbook.');
}

interface SheetElement {
  readonly name: string;
  readonly relationshipId: string | undefined;
  readonly isHidden: boolean;
}

async function readWorkbookPart(
  archive: Archive,
  part: string,
): Promise<{ sheets: SheetElement[]; isDate1904: boolean }> {
  const sheets: SheetElement[] = [];
  let isDate1904 = false;
  await readIndexPart(archive, part, {
    open(name, attributes) {
      if (name === 'workbookPr') isDate1904 = isOn(attributes.date1904);
      if (name !== 'sheet') return;
      sheets.push({
        name: decodeEscapes(attributes.name?.value ?? `Sheet${sheets.length + 1}`),
        relationshipId: relationshipIdOf(attributes),
        isHidden: /hidden/i.test(attributes.state?.value ?? ''),
      });
    },
  });
  return { sheets, isDate1904 };
}

/** `r:id`, whatever the prefix; the namespaces of strict and transitional documents differ. */
function relationshipIdOf(attributes: XmlAttributes): string | undefined {
  return Object.values(attributes).find(({ local, uri }) => local === 'id' && /\/relationships$/.test(uri))?.value;
}

/** A part that every sheet shares: by relationship, else under its usual name beside the workbook. */
function findShared(
  archive: Archive,
  relationships: readonly Relationship[],
  kind: string,
  workbookPart: string,
): string | undefined {
  const related = relationships.find((relationship) => relationship.kind === kind)?.part;
  if (related !== undefined) return related;
  const usual = `${workbookPart.slice(0, workbookPart.lastIndexOf('/') + 1)}${kind}.xml`;
  return archive.has(usual) ? usual : undefined;
}
