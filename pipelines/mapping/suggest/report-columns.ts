import { secretFields, serverKeptFields } from '#pipelines/mapping/customer-fields.js';
import type { Candidate } from './assign-columns.js';
import type { ColumnValues } from './column-values.js';
import type { CustomColumns } from './custom-columns.js';
import { readHeading } from './read-heading.js';
import { type Choices, type ColumnProposal, type Question, sureFrom } from './suggestion.js';
import type { SuggestionParts } from './suggestion-parts.js';
import { lookOf } from './value-looks.js';

/** What becomes of every column, in file order, in words. */
export function columnProposals(parts: SuggestionParts, custom: CustomColumns): readonly ColumnProposal[] {
  return parts.all.map((values) => {
    const candidate = parts.taken.find((one) => one.values === values);
    const isKey = parts.key?.values === values;
    const isSecret = secretFields.has(candidate?.target ?? '');
    const shown = {
      column: values.column,
      samples: isSecret ? [] : values.samples,
      look: lookOf(values),
      distinct: values.distinct,
    };
    if (candidate !== undefined) return { ...shown, ...taken(candidate, parts, isKey) };
    if (isKey && parts.key !== undefined)
      return { ...shown, target: 'key', confidence: parts.key.certainty, why: parts.key.why, remarks: [] };
    return { ...shown, confidence: 0, why: whyLeft(values, parts, custom), remarks: [] };
  });
}

function taken(candidate: Candidate, { key }: SuggestionParts, isKey: boolean) {
  const { target, certainty, why, proposal } = candidate;
  return {
    target,
    confidence: Math.min(1, certainty),
    why,
    remarks: [...proposal.remarks, ...(isKey ? [`It is also the key: ${key?.why}`] : [])],
  };
}

function whyLeft({ column, texts, rows }: ColumnValues, parts: SuggestionParts, custom: CustomColumns): string {
  if (column.trim() === '') return 'it has no name';
  if (column.startsWith('_')) return 'it is a result of an earlier run';
  if (parts.sample.duplicateColumns.includes(column)) return 'the file has this name more than once; rename one';
  if (serverKeptFields.some((field) => field === column)) return 'the server keeps it itself';
  if (texts.length === 0 && rows > 0) return 'it is blank';
  if (custom.undecided.some((values) => values.column === column))
    return 'nothing tells day and month apart; say --date-order day or month';
  const [meaning] = readHeading(column);
  if (meaning === undefined) return 'no field of a customer is meant for it';
  const holder = meaning.target === 'key' ? parts.key : parts.taken.find(({ target }) => target === meaning.target);
  if (holder !== undefined) return `${called(meaning.target)} is filled from "${holder.values.column}"`;
  if (meaning.target === 'key') return 'it is not filled and different in every row, so that it is no key';
  return `its values do not fit ${called(meaning.target)}`;
}

function called(target: string): string {
  return target === 'key' ? 'the key' : target;
}

/** What only the user knows, most important first. */
export function questionsAbout(parts: SuggestionParts, custom: CustomColumns, choices: Choices): readonly Question[] {
  const open = parts.taken.filter(({ certainty }) => certainty < sureFrom);
  const { undecided, left } = custom;
  const key = parts.key !== undefined && parts.key.certainty < sureFrom ? parts.key : undefined;
  return [
    ...open.map(
      ({ values, target }) => ({ kind: 'target', column: values.column, target, samples: values.samples }) as const,
    ),
    ...(key === undefined
      ? []
      : [{ kind: 'key', column: key.values.column, why: key.why, samples: key.values.samples } as const]),
    ...parts.taken
      .filter(({ proposal }) => proposal.isDecimalOpen)
      .map(({ values }) => ({ kind: 'decimal', column: values.column, samples: values.samples }) as const),
    ...(left.length > 0 && choices.customColumns === undefined
      ? [{ kind: 'customColumns', columns: left.map(({ column }) => column) } as const]
      : []),
    ...(undecided.length > 0
      ? [
          {
            kind: 'dateOrder',
            columns: undecided.map(({ column }) => column),
            samples: undecided[0]?.samples ?? [],
          } as const,
        ]
      : []),
  ];
}
