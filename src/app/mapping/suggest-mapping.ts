import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { areKnownHeadings } from '#pipelines/mapping/suggest/headings.js';
import { type FileSample, suggestMapping } from '#pipelines/mapping/suggest/suggest-mapping.js';
import type { Choices, MappingJson, Question, Suggestion } from '#pipelines/mapping/suggest/suggestion.js';
import { openInputAt, type ReadOptions } from '#src/app/input.js';
import type { RunObserver } from '#src/app/run-summary.js';
import { InputError, UsageError } from '#src/errors.js';
import type { InputSource } from '#src/files/input-source.js';
import { readSample, type Sample } from './read-sample.js';
import { formatReadableJson, writeAtomically, writeSchemaBeside } from './write-schema.js';

export interface SuggestOptions extends ReadOptions {
  readonly file: string;
  /** Where the mapping goes. */
  readonly output: string;
  /** Replace a mapping that is there. */
  readonly force: boolean;
  readonly choices: Choices;
}

/** What was proposed and where it was written. */
export interface SuggestedMapping extends Suggestion {
  readonly file: string;
  readonly output: string;
  /** The schema beside it; null when another file has its name. */
  readonly schema: string | null;
}

/** Asks the user and gives what is known then; the same choices when there is nothing more to know. */
export type Ask = (questions: readonly Question[], known: Choices) => Promise<Choices>;

/**
 * Reads the beginning of a file, proposes a mapping for it and writes that.
 *
 * @param ask - without it, open questions stay in the result and the likeliest answers in the mapping
 * @throws UsageError when there is a mapping already, InputError when the file cannot be read or shows no customers
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
    duplicateColumns: source.duplicateColumns,
    rows: rows.map(({ cells }) => cells),
    ...buildSourceHints(source, options),
  };
  const suggestion = await removeNeedlessHint(await settleQuestions(sample, options.choices, ask), source, options);
  if (Object.keys(suggestion.mapping.fields).length === 0) throw createNothingFoundError(file, source);
  await writeAtomically(output, formatReadableJson(suggestion.mapping));
  const schema = await writeSchemaBeside(output);
  return { ...suggestion, file, output, schema: schema ?? null };
}

/** Titles above the header are not many. */
const maxHeaderRowTried = 15;

/** Without a mapping, the first row counts as the header; where that knows no names and one below does, it is that one. */
async function sampleBelowHeader(options: SuggestOptions, observer: RunObserver): Promise<Sample> {
  const first = await readSample(options.file, options);
  const { columns, detected } = first.source;
  if (options.headerRow !== undefined || options.file === '-' || areKnownHeadings(columns)) return first;
  for (let headerRow = (detected.headerRow ?? 0) + 1; headerRow <= maxHeaderRowTried; headerRow += 1) {
    const other = await readSample(options.file, { ...options, headerRow }).catch(ignoreInputError);
    if (other === undefined || !areKnownHeadings(other.source.columns)) continue;
    observer.notice?.({
      severity: 'warning',
      code: 'HEADER_FOUND',
      message: `Row ${headerRow} was taken as the header, since it has names of fields. If it is another: --header-row <n>`,
      row: headerRow,
    });
    return other;
  }
  return first;
}

/** No table begins there. */
function ignoreInputError(error: unknown): undefined {
  if (error instanceof InputError) return undefined;
  throw error;
}

/**
 * A row number holds for every file that the mapping is used with, and not every file has as many titles: it is left
 * out where the header is found by the names of its columns.
 */
async function removeNeedlessHint(
  suggestion: Suggestion,
  { detected }: InputSource,
  options: SuggestOptions,
): Promise<Suggestion> {
  const { source: hints, ...rest } = suggestion.mapping;
  if (hints?.headerRow === undefined || options.headerRow !== undefined || options.file === '-') return suggestion;
  const { headerRow: _, ...others } = hints;
  const mapping = Object.keys(others).length === 0 ? rest : { ...suggestion.mapping, source: others };
  const parsed = parseMapping(mapping);
  if (!parsed.ok) return suggestion;
  const found = await openInputAt(resolve(options.file), options.file, options, parsed.mapping).catch(ignoreInputError);
  return found?.source.detected.headerRow === detected.headerRow ? { ...suggestion, mapping } : suggestion;
}

/** One answer may open the next question: which order the dates have that shall be kept. */
async function settleQuestions(sample: FileSample, choices: Choices, ask: Ask | undefined): Promise<Suggestion> {
  const suggestion = suggestMapping(sample, choices);
  if (ask === undefined || suggestion.questions.length === 0) return suggestion;
  const known = await ask(suggestion.questions, choices);
  return known === choices ? suggestion : settleQuestions(sample, known, ask);
}

function refuseToReplace({ output, force }: SuggestOptions): void {
  if (force || !existsSync(output)) return;
  throw new UsageError(`There is a file ${output} already.`, {
    code: 'FILE_EXISTS',
    nextStep: 'Name another with --output <file>, or add --force to replace it.',
  });
}

/** A mapping without fields is none. */
function createNothingFoundError(file: string, { columns }: InputSource): InputError {
  const names = columns.slice(0, 8).map((column) => `"${column}"`);
  const more = columns.length > names.length ? ` and ${columns.length - names.length} more` : '';
  return new InputError(`${file}: no column looks like a field of a customer (${names.join(', ')}${more}).`, {
    code: 'NOTHING_TO_MAP',
    nextStep: 'Check sheet and header row (--sheet, --header-row), or write the mapping yourself: see docs/mapping.md.',
  });
}

/** What a later import would otherwise have to find out again, where finding out could go wrong. */
function buildSourceHints(
  { detected }: InputSource,
  { sheet }: ReadOptions,
): { readonly source?: NonNullable<MappingJson['source']> } {
  const hints = {
    ...(sheet !== undefined && detected.sheet !== undefined && { sheet: detected.sheet }),
    ...(detected.headerRow !== undefined && detected.headerRow > 1 && { headerRow: detected.headerRow }),
  };
  return Object.keys(hints).length === 0 ? {} : { source: hints };
}
