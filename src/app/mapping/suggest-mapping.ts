import { existsSync } from 'node:fs';
import type { Code } from '#pipelines/codes.js';
import { quoteColumns } from '#pipelines/mapping/list-columns.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { areKnownHeadings } from '#pipelines/mapping/suggest/headings.js';
import { type FileSample, suggestMapping } from '#pipelines/mapping/suggest/suggest-mapping.js';
import type {
  Choices,
  FreeFieldChoice,
  MappingJson,
  Question,
  SourceHints,
  Suggestion,
} from '#pipelines/mapping/suggest/suggestion.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { listMappedColumns } from '#src/app/input.js';
import type { RunObserver } from '#src/app/run-summary.js';
import { InputError, UsageError } from '#src/errors.js';
import { writeAtomically } from '#src/files/atomic-file.js';
import type { FileSource } from '#src/files/input-source.js';
import { findHeader, letterColumns } from '#src/files/table/find-header.js';
import { looksLikeData } from '#src/files/table/looks-like-data.js';
import { readSample, type Sample } from './read-sample.js';
import { formatReadableJson, writeSchemaBeside } from './write-schema.js';

export interface SuggestOptions extends ReadOptions {
  readonly file: string;
  /** Where the mapping goes. */
  readonly output: string;
  /** Replace an existing mapping. */
  readonly force: boolean;
  readonly choices: Choices;
  /** Finds a field of the account that nobody uses, to store the key in; not looked for when absent. */
  readonly findFreeField?: () => Promise<FreeFieldChoice | undefined>;
}

/** The proposal, and where it was written. */
export interface SuggestedMapping extends Suggestion {
  readonly file: string;
  readonly output: string;
  /** The schema next to it; null when another file has its name. */
  readonly schema: string | null;
}

/** Asks the user and returns all answers so far; the same object when there are no new ones. */
export type Ask = (questions: readonly Question[], known: Choices) => Promise<Choices>;

/**
 * Reads the beginning of a file, proposes a mapping for it and writes the mapping.
 *
 * @param ask - without it, open questions are in the result, and the most likely answers in the mapping
 * @throws UsageError when the mapping exists, InputError when the file cannot be read or has no columns of customers
 */
export async function suggestMappingFor(
  options: SuggestOptions,
  ask?: Ask,
  observer: RunObserver = {},
): Promise<SuggestedMapping> {
  const { file, output } = options;
  refuseToReplace(options);
  const { source, rows } = await sampleBelowHeader(options, observer);
  observer.opened?.({ file, detected: source.detected, rows: rows.length });
  for (const notice of source.notices) observer.notice?.(notice);
  const sample: FileSample = {
    columns: source.columns,
    rows: rows.map(({ cells }) => cells),
    ...buildSourceHints(source, options),
  };
  const stamp = await options.findFreeField?.();
  const choices = stamp === undefined ? options.choices : { ...options.choices, stamp };
  const suggestion = removeNeedlessHint(await settleQuestions(sample, choices, ask), source, options);
  if (Object.keys(suggestion.mapping.fields).length === 0) throw createNothingFoundError(file, source);
  await writeAtomically(output, formatReadableJson(suggestion.mapping));
  const schema = await writeSchemaBeside(output);
  return { ...suggestion, file, output, schema: schema ?? null };
}

/** What the rows of other programs need to be read, by the code of those that could not be. */
const dialects: readonly { readonly code: Code; readonly option: string; readonly reading: ReadOptions }[] = [
  { code: 'BACKSLASH_QUOTE', option: '--escape backslash', reading: { escape: 'backslash' } },
  { code: 'SPACE_BEFORE_QUOTE', option: '--skip-initial-space', reading: { skipInitialSpace: true } },
];

/** Without a mapping, the header is the first row with known headings, else the first row. */
async function sampleBelowHeader(options: SuggestOptions, observer: RunObserver): Promise<Sample> {
  const sample = await readSample(options.file, { ...options, looksLikeHeader: areKnownHeadings });
  const dialect = dialects.find(({ code }) => sample.issues.has(code));
  if (dialect !== undefined) {
    const { code, option, reading } = dialect;
    const message = `Some rows cannot be read without ${option}: the file is read so, and the mapping says it.`;
    observer.notice?.({ severity: 'warning', code, message });
    return sampleBelowHeader({ ...options, ...reading }, observer);
  }
  const { topRows, detected, columns } = sample.source;
  if (options.headerRow === undefined && options.noHeader === undefined && looksLikeData(columns)) {
    observer.notice?.({
      severity: 'warning',
      code: 'HEADER_MISSING',
      message: `The first row has values (${quoteColumns(columns)}) and no column names: it is taken for a customer, and the columns are called A, B, C. If there is a header: --header-row <n>`,
    });
    return takeHeaderForRow(sample) ?? (await readSample(options.file, { ...options, noHeader: true }));
  }
  const { headerRow } = detected;
  if (options.headerRow === undefined && headerRow !== undefined && topRows[0]?.number !== headerRow)
    observer.notice?.({
      severity: 'warning',
      code: 'HEADER_FOUND',
      message: `Row ${headerRow} was taken as the header, because it contains field names. If that is wrong: --header-row <n>`,
      row: headerRow,
    });
  return sample;
}

/**
 * The same rows without a header: what was taken for it is the first of them. A large file is not read again for that.
 *
 * @returns `undefined` where columns were left out, so that their letters are not known
 */
function takeHeaderForRow({ source, rows, issues }: Sample): Sample | undefined {
  const { headerRow, ...detected } = source.detected;
  const first = source.topRows.find(({ number }) => number === headerRow);
  const isWhole = first?.cells.length === source.columns.length && first.cells.every((cell) => cell.trim() !== '');
  if (headerRow === undefined || first === undefined || !isWhole) return undefined;
  const { columns } = letterColumns(source.columns.length);
  const readOptions = { ...source.readOptions, noHeader: true };
  const notices = source.notices.filter(({ code }) => code !== 'DUPLICATE_COLUMNS');
  return {
    source: { ...source, columns, detected, readOptions, notices },
    rows: [{ index: 0, number: headerRow, cells: first.cells }, ...rows],
    issues,
  };
}

/**
 * A row number holds for every file that the mapping is used with, and not every file has as many titles: it is left
 * out where the header is found by the names of its columns.
 */
function removeNeedlessHint(
  suggestion: Suggestion,
  { detected, topRows }: FileSource,
  options: SuggestOptions,
): Suggestion {
  const { source: hints, ...rest } = suggestion.mapping;
  if (hints?.headerRow === undefined || options.headerRow !== undefined) return suggestion;
  const { headerRow: _, ...others } = hints;
  const mapping = Object.keys(others).length === 0 ? rest : { ...suggestion.mapping, source: others };
  const parsed = parseMapping(mapping);
  if (!parsed.ok) return suggestion;
  const rows = topRows.map(({ cells }) => cells);
  const found = topRows[findHeader(rows, { expectedColumns: listMappedColumns(parsed.mapping) }).position];
  return found?.number === detected.headerRow ? { ...suggestion, mapping } : suggestion;
}

/** An answer may raise the next question, e.g. the order of dates in columns that are to be kept. */
async function settleQuestions(sample: FileSample, choices: Choices, ask: Ask | undefined): Promise<Suggestion> {
  const suggestion = suggestMapping(sample, choices);
  if (ask === undefined || suggestion.questions.length === 0) return suggestion;
  const known = await ask(suggestion.questions, choices);
  return known === choices ? suggestion : settleQuestions(sample, known, ask);
}

function refuseToReplace({ output, force }: SuggestOptions): void {
  if (force || !existsSync(output)) return;
  throw new UsageError(`The file ${output} already exists.`, {
    code: 'FILE_EXISTS',
    nextStep: 'Choose another name with --output <file>, or add --force to replace it.',
  });
}

/** A mapping needs at least one field. */
function createNothingFoundError(file: string, { columns }: FileSource): InputError {
  const names = columns.slice(0, 8).map((column) => `"${column}"`);
  const more = columns.length > names.length ? ` and ${columns.length - names.length} more` : '';
  return new InputError(`${file}: no column looks like a customer field (${names.join(', ')}${more}).`, {
    code: 'NOTHING_TO_MAP',
    nextStep: 'Check sheet and header row (--sheet, --header-row), or write the mapping yourself: see docs/mapping.md.',
  });
}

/** How the file was read, where only an option or its first row says so. */
function pickDialect({ noHeader, escape: escapes, skipInitialSpace }: ReadOptions): SourceHints {
  return {
    ...(noHeader === true && { noHeader }),
    ...(escapes === 'backslash' && { escape: escapes }),
    ...(skipInitialSpace === true && { skipInitialSpace }),
  };
}

/** What a later import would otherwise have to detect again, and might detect wrongly. */
function buildSourceHints(
  { detected, readOptions }: FileSource,
  { sheet }: ReadOptions,
): { readonly source?: NonNullable<MappingJson['source']> } {
  const hints = {
    ...(sheet !== undefined && detected.sheet !== undefined && { sheet: detected.sheet }),
    ...(detected.headerRow !== undefined && detected.headerRow > 1 && { headerRow: detected.headerRow }),
    ...pickDialect(readOptions),
  };
  return Object.keys(hints).length === 0 ? {} : { source: hints };
}
