import { type ColumnProposal, type Question, sureFrom } from '#pipelines/mapping/suggest/suggestion.js';
import type { SuggestedMapping } from '#src/library/mapping/suggest-mapping.js';

const widestName = 28;

/** A proposed mapping for people: every column with where it goes, how sure that is, and three values. */
export function renderSuggestion(suggested: SuggestedMapping): string {
  const { file, output } = suggested;
  return [
    ...proposalLines(suggested),
    '',
    `Written: ${output}`,
    `Next: mypos-customers check ${file === '-' ? '<file>' : quoted(file)} --mapping ${quoted(output)}`,
  ].join('\n');
}

/** The columns alone. */
export function proposalLines({ columns, questions, remarks, rows }: SuggestedMapping): readonly string[] {
  const width = Math.min(widestName, Math.max(...columns.map(({ column }) => column.length), 1));
  const mapped = columns.filter(({ target }) => target !== undefined);
  const left = columns.filter(({ target }) => target === undefined);
  return [
    `Proposed from ${rows} rows: ${mapped.length} of ${columns.length} columns are mapped.`,
    '',
    ...mapped.flatMap((column) => mappedLines(column, width)),
    ...(left.length === 0 ? [] : ['', 'Left out:', ...left.map((column) => leftLine(column, width))]),
    ...unsureLines(mapped, questions),
    ...(remarks.length === 0 ? [] : ['', ...remarks]),
  ];
}

function mappedLines(proposal: ColumnProposal, width: number): readonly string[] {
  const { column, target = '', confidence, samples, remarks } = proposal;
  const isSure = confidence >= sureFrom;
  const percent = `${Math.round(confidence * 100)}%`.padStart(4);
  const line = `  ${padded(column, width)} → ${target.padEnd(16)} ${percent}${isSure ? ' ' : '?'} ${samples.join(' | ')}`;
  return [line.trimEnd(), ...remarks.map((remark) => `  ${' '.repeat(width)}   ${remark}`)];
}

function leftLine({ column, why, samples }: ColumnProposal, width: number): string {
  const values = samples.length === 0 ? '' : ` (${samples.join(' | ')})`;
  return `  ${padded(column, width)}   ${why}${values}`;
}

function unsureLines(mapped: readonly ColumnProposal[], questions: readonly Question[]): readonly string[] {
  const unsure = mapped.filter(({ confidence }) => confidence < sureFrom);
  const options = questions.flatMap((question) => advice(question) ?? []);
  if (unsure.length === 0 && options.length === 0) return [];
  return [
    '',
    'Please look at:',
    ...unsure.map(({ column, target, why }) => `  "${column}" → ${target}: ${why}`),
    ...options.map((line) => `  ${line}`),
  ];
}

/** What to say on the command line where nobody was asked. */
function advice(question: Question): string | undefined {
  switch (question.kind) {
    case 'target':
      return undefined;
    case 'key':
      return `"${question.column}" is the key: ${question.why}`;
    case 'decimal':
      return `"${question.column}" (${question.samples.join(' | ')}) can be read both ways: --decimal . or --decimal ,`;
    case 'dateOrder':
      return `${question.columns.map((column) => `"${column}"`).join(', ')}: --date-order day or --date-order month`;
    case 'customColumns':
      return `Columns that no field is meant for can be kept in cC_001 … cC_010: --custom-columns`;
  }
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : JSON.stringify(path);
}

function padded(column: string, width: number): string {
  return (column.length > width ? `${column.slice(0, width - 1)}…` : column).padEnd(width);
}
