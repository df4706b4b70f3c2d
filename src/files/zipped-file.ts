import { InputError } from '#src/errors.js';
import { createInputError, type GzipLimits, type InputFile } from './input-file.js';
import { type Archive, openArchive, workbookLimits } from './xlsx/read/archive.js';

/** The only file in a zip archive. */
export interface ZippedFile {
  readonly name: string;
  /** Its bytes, unpacked; every call opens the archive anew. */
  read(): AsyncGenerator<Buffer>;
}

/** What a zip archive is: a workbook by another order of its parts, or a file that was packed. */
export type ZipContent = { readonly kind: 'workbook' } | { readonly kind: 'file'; readonly file: ZippedFile };

/** What programs add beside the file that was meant. */
const bycatch = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)|\/$/i;

const maxNamesShown = 5;

/**
 * Looks into a zip archive.
 *
 * @throws InputError `ARCHIVE_NOT_ONE_FILE`, `ARCHIVE_ENCRYPTED`, `FILE_CUT`, `FILE_DAMAGED`, `TOO_MANY_PARTS`
 */
export async function findZippedFile(file: InputFile, limits: GzipLimits): Promise<ZipContent> {
  const open = () => openZip(file, limits);
  const archive = await open();
  await archive.close();
  if (archive.has('[Content_Types].xml')) return { kind: 'workbook' };
  const names = archive.names.filter((name) => !bycatch.test(name));
  const [name] = names;
  if (name === undefined || names.length > 1) throw createNotOneFileError(file.name, names);
  return {
    kind: 'file',
    file: {
      name,
      async *read() {
        const opened = await open();
        try {
          yield* opened.read(name);
        } catch (error) {
          throw toArchiveError(error, file.name);
        } finally {
          await opened.close();
        }
      },
    },
  };
}

function openZip(
  { path, name, sizeBytes, modifiedMs }: InputFile,
  { maxBytes, maxRatio }: GzipLimits,
): Promise<Archive> {
  const limits = { ...workbookLimits, maxPartBytes: maxBytes, maxTotalBytes: maxBytes, maxInflateRatio: maxRatio };
  return openArchive({ path }, { file: name }, limits, `${sizeBytes} ${modifiedMs}`);
}

function toArchiveError(error: unknown, file: string): unknown {
  if (!(error instanceof InputError) || error.code !== 'WORKBOOK_ENCRYPTED') return error;
  return createInputError({
    code: 'ARCHIVE_ENCRYPTED',
    file,
    fact: 'the zip archive is protected by a password.',
    nextStep: 'Unpack it and import the file inside.',
    cause: error,
  });
}

function createNotOneFileError(file: string, names: readonly string[]): InputError {
  const shown = names.slice(0, maxNamesShown).map((name) => JSON.stringify(name));
  const more = names.length > maxNamesShown ? ` and ${names.length - maxNamesShown} more` : '';
  return createInputError({
    code: 'ARCHIVE_NOT_ONE_FILE',
    file,
    fact:
      names.length === 0
        ? 'the zip archive has no file.'
        : `the zip archive has ${names.length} files: ${shown.join(', ')}${more}.`,
    nextStep: 'Unpack it and import the file that has the customers.',
  });
}
