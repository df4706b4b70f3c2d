import type { Archive } from './archive.js';
import { workbookError } from './workbook-error.js';
import { decodeEscapes, isOn, readIndexPart, type XmlAttributes } from './xml-parser.js';

export interface Relationship {
  readonly id: string;
  /** The last word of its type, which transitional and strict documents share: `worksheet`, `styles` … */
  readonly kind: string;
  /** What it leads to, as it is written. */
  readonly target: string;
  /** The name of the part it leads to; `undefined` when that lies outside the package. */
  readonly part: string | undefined;
}

/** What a part refers to; `''` stands for the package itself. Empty when the part refers to nothing. */
export async function readRelationships(archive: Archive, owner: string): Promise<readonly Relationship[]> {
  const slash = owner.lastIndexOf('/') + 1;
  const part = `${owner.slice(0, slash)}_rels/${owner.slice(slash)}.rels`;
  const relationships: Relationship[] = [];
  if (!archive.has(part)) return relationships;
  await readIndexPart(archive, part, {
    open(name, attributes) {
      if (name !== 'Relationship') return;
      const { Id, Type, Target } = attributes;
      if (Id === undefined || Type === undefined || Target === undefined) return;
      const kind = Type.value.slice(Type.value.lastIndexOf('/') + 1);
      const isOutside = attributes.TargetMode?.value === 'External';
      const part = isOutside ? undefined : resolveTarget(owner, Target.value);
      relationships.push({ id: Id.value, kind, target: Target.value, part });
    },
  });
  return relationships;
}

/** Targets are relative to their owner's folder, or absolute with a slash; some writers use backslashes. */
function resolveTarget(owner: string, target: string): string {
  const path = decodeTarget(target).replaceAll('\\', '/');
  const steps = path.startsWith('/') ? [] : owner.split('/').slice(0, -1);
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps.join('/');
}

function decodeTarget(target: string): string {
  try {
    return decodeURI(target);
  } catch {
    return target;
  }
}

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
  readonly sharedStringsPart: string | undefined;
}

/** Follows the package's relationships to the workbook and its parts. */
export async function readWorkbookIndex(archive: Archive): Promise<WorkbookIndex> {
  const part = await findWorkbookPart(archive);
  const relationships = await readRelationships(archive, part);
  const { sheets, isDate1904 } = await readWorkbookPart(archive, part);
  const [first, ...others] = sheets.flatMap(({ name, relationshipId, isHidden }) => {
    const target = relationships.find(({ id }) => id === relationshipId);
    return target?.kind === 'worksheet' && target.part !== undefined ? [{ name, part: target.part, isHidden }] : [];
  });
  if (first === undefined)
    throw workbookError(
      'NO_WORKSHEET',
      archive.place,
      'the workbook has no worksheet (only charts or macros, or nothing).',
    );
  return {
    worksheets: [first, ...others],
    isDate1904,
    stylesPart: findShared(archive, relationships, 'styles', part),
    sharedStringsPart: findShared(archive, relationships, 'sharedStrings', part),
  };
}

async function findWorkbookPart(archive: Archive): Promise<string> {
  const main = (await readRelationships(archive, '')).find(({ kind }) => kind === 'officeDocument');
  const part = main?.part ?? 'xl/workbook.xml';
  if (part.toLowerCase().endsWith('.bin'))
    throw workbookError('WORKBOOK_IS_XLSB', archive.place, 'this is a binary workbook (.xlsb).');
  if (/\.xml$/i.test(part) && /^(?:word|ppt|visio)\//i.test(part))
    throw workbookError('NOT_A_WORKBOOK', archive.place, 'this is another Office document, not a workbook.');
  if (archive.has(part)) return part;
  throw await otherPackageError(archive, part);
}

/** OpenDocument and Numbers files are zip packages as well. */
async function otherPackageError(archive: Archive, part: string): Promise<Error> {
  const { place } = archive;
  if (archive.has('mimetype') && archive.has('content.xml'))
    return workbookError('ODS_FILE', place, 'this is an OpenDocument file (.ods).');
  if (archive.has('Index/Document.iwa') || archive.has('Index.zip'))
    return workbookError('NUMBERS_FILE', place, 'this is a Numbers document.');
  if (archive.has('[Content_Types].xml') || archive.has('xl/_rels/workbook.xml.rels'))
    return workbookError('XLSX_PART_MISSING', { ...place, part }, 'the main part of the workbook is missing.');
  return workbookError('NOT_A_WORKBOOK', place, 'this is a zip archive, but not a workbook.');
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
        relationshipId: findRelationshipId(attributes),
        isHidden: /hidden/i.test(attributes.state?.value ?? ''),
      });
    },
  });
  return { sheets, isDate1904 };
}

/** `r:id`, whatever the prefix; the namespaces of strict and transitional documents differ. */
function findRelationshipId(attributes: XmlAttributes): string | undefined {
  return Object.values(attributes).find(({ local, uri }) => local === 'id' && /\/relationships$/.test(uri))?.value;
}

/** A part that every sheet shares: by relationship, else under its default name beside the workbook. */
function findShared(
  archive: Archive,
  relationships: readonly Relationship[],
  kind: string,
  workbookPart: string,
): string | undefined {
  const related = relationships.find((relationship) => relationship.kind === kind)?.part;
  if (related !== undefined) return related;
  const defaultName = `${workbookPart.slice(0, workbookPart.lastIndexOf('/') + 1)}${kind}.xml`;
  return archive.has(defaultName) ? defaultName : undefined;
}
