const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/** What a workbook may cost at most. Every cap is far above what Excel writes for a full sheet of customers. */
export interface WorkbookLimits {
  readonly maxParts: number;
  /** Sheets and shared strings, inflated. */
  readonly maxPartBytes: number;
  /** Relationships, workbook and styles: parts that are held in memory. */
  readonly maxIndexPartBytes: number;
  /** All parts read for one pass, inflated. */
  readonly maxTotalBytes: number;
  /** Inflated to packed. Deflate itself ends at 1032; Excel's own sheets stay below 100. */
  readonly maxInflateRatio: number;
  /** Small parts may be packed as tightly as they like. */
  readonly ratioCheckedFromBytes: number;
  /** Excel stops at 32,767; other programs write somewhat more. */
  readonly maxCellCharacters: number;
  /** Markup that goes on for so long without a tag or a text is an attack on memory. */
  readonly maxCharactersBetweenTags: number;
  readonly maxXmlDepth: number;
  /** Above this, shared strings go to a temporary file. */
  readonly sharedTextBytesInMemory: number;
}

/** The caps of real use; tests lower them. */
export const workbookLimits: WorkbookLimits = {
  maxParts: 10_000,
  maxPartBytes: 4 * gibibyte,
  maxIndexPartBytes: 64 * mebibyte,
  maxTotalBytes: 8 * gibibyte,
  maxInflateRatio: 400,
  ratioCheckedFromBytes: 32 * mebibyte,
  maxCellCharacters: 8 * 32_767,
  maxCharactersBetweenTags: 8 * mebibyte,
  maxXmlDepth: 128,
  sharedTextBytesInMemory: 16 * mebibyte,
};

/** The grid that the format allows. */
export const sheetGrid = { maxRow: 1_048_576, maxColumn: 16_384 } as const;
