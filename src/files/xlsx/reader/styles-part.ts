import type { Archive } from './archive.js';
import { builtinFormats } from './builtin-formats.js';
import { classifyFormat, type NumberFormat } from './number-format.js';
import { readIndexPart } from './read-part.js';

/** The number format of each cell style, by the index that cells carry in `s`. */
export type CellFormats = readonly NumberFormat[];

/** Reads the formats of all cell styles; everything else about looks is passed over. */
export async function readCellFormats(archive: Archive, part: string | undefined): Promise<CellFormats> {
  if (part === undefined) return [];
  const codes = new Map<number, string>();
  const formatIds: number[] = [];
  const open: string[] = [];
  await readIndexPart(archive, part, {
    open(name, attributes) {
      const parent = open.at(-1);
      open.push(name);
      // `numFmt` and `xf` mean other things elsewhere in this part.
      if (name === 'numFmt' && parent === 'numFmts')
        codes.set(Number(attributes.numFmtId?.value), attributes.formatCode?.value ?? 'General');
      if (name === 'xf' && parent === 'cellXfs') formatIds.push(Number(attributes.numFmtId?.value ?? 0));
    },
    close: () => open.pop(),
  });
  const formats = new Map<number, NumberFormat>();
  return formatIds.map((id) => {
    const known = formats.get(id) ?? classifyFormat(codes.get(id) ?? builtinFormats[id] ?? 'General');
    formats.set(id, known);
    return known;
  });
}
