import { formatCount } from '#pipelines/format-count.js';
import { type ColumnProposal, minSureConfidence, type Question } from '#pipelines/mapping/suggest/suggestion.js';
import type { JsonValue } from '#pipelines/model.js';
import { showLine } from '#pipelines/visible-text.js';
import type { MappingCheck, MappingFinding } from '#src/app/mapping/check-mapping.js';
import type { SuggestedMapping } from '#src/app/mapping/suggest-mapping.js';
import type { CaseResult, Difference, MappingTestRun } from '#src/app/mapping/test-mapping.js';

const maxNameWidth = 28;

const nameFields: ReadonlySet<string> = new Set(['customerName', 'firstName', 'lastName']);

/** A proposed mapping for people: every column with where it goes, how sure that is, and three values. */
export function renderSuggestion(suggested: SuggestedMapping): string {
  const { file, output } = suggested;
  return [
    ...renderProposal(suggested),
    '',
    `Written: ${output}`,
    `Next: mypos-customers check ${file === '-' ? '<file>' : quotePath(file)} --mapping ${quotePath(output)}`,
  ].join('\n');
}

/** The columns alone. */
export function renderProposal({ columns, questions, remarks, rows }: SuggestedMapping): readonly string[] {
  const width = Math.min(maxNameWidth, Math.max(...columns.map(({ column }) => column.length), 1));
  const mapped = columns.filter(({ target }) => target !== undefined);
  const left = columns.filter(({ target }) => target === undefined);
  // Without a name there are no customers: what else was found matters less.
  const first = mapped.some(({ target = '' }) => nameFields.has(target)) ? 0 : 1;
  return [
    ...remarks.slice(0, first).flatMap((remark) => [remark, '']),
    `Proposed from ${formatCount(rows, 'row')}: ${mapped.length} of ${columns.length} columns are mapped.`,
    '',
    ...mapped.flatMap((column) => renderMapped(column, width)),
    ...(left.length === 0 ? [] : ['', 'Left out:', ...left.map((column) => renderUnmapped(column, width))]),
    ...renderUnsure(mapped, questions),
    ...(remarks.length <= first ? [] : ['', ...remarks.slice(first)]),
  ];
}

function renderMapped(proposal: ColumnProposal, width: number): readonly string[] {
  const { column, target = '', confidence, samples, remarks } = proposal;
  const isSure = confidence >= minSureConfidence;
  const percent = `${Math.round(confidence * 100)}%`.padStart(4);
  const line = `  ${padName(column, width)} → ${target.padEnd(16)} ${percent}${isSure ? ' ' : '?'} ${samples.join(' | ')}`;
  return [line.trimEnd(), ...remarks.map((remark) => `  ${' '.repeat(width)}   ${remark}`)];
}

function renderUnmapped({ column, why, samples }: ColumnProposal, width: number): string {
  const values = samples.length === 0 ? '' : ` (${samples.join(' | ')})`;
  return `  ${padName(column, width)}   ${why}${values}`;
}

function renderUnsure(mapped: readonly ColumnProposal[], questions: readonly Question[]): readonly string[] {
  const unsure = mapped.filter(({ confidence }) => confidence < minSureConfidence);
  const options = questions.flatMap((question) => suggestOption(question) ?? []);
  if (unsure.length === 0 && options.length === 0) return [];
  return [
    '',
    'Please check:',
    ...unsure.map(({ column, target, why }) => `  "${column}" → ${target}: ${why}`),
    ...options.map((line) => `  ${line}`),
  ];
}

/** What to say on the command line where nobody was asked. */
function suggestOption(question: Question): string | undefined {
  switch (question.kind) {
    case 'target':
      return undefined;
    case 'key':
      return `"${question.column}" is the key: ${question.why}`;
    case 'decimal':
      return `"${question.column}" (${question.samples.join(' | ')}) is ambiguous: --decimal . or --decimal ,`;
    case 'dateOrder':
      return `${question.columns.map((column) => `"${column}"`).join(', ')}: --date-order day or --date-order month`;
    case 'customColumns':
      return `Columns without a matching field can be kept in cC_001 … cC_010: --custom-columns`;
  }
}

/** As a shell takes it. */
function quotePath(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : JSON.stringify(path);
}

function padName(column: string, width: number): string {
  return (column.length > width ? `${column.slice(0, width - 1)}…` : column).padEnd(width);
}

/** What was found in a mapping, in the form that editors and terminals make links of. */
export function renderMappingCheck(check: MappingCheck): string {
  const { mapping, findings, sample, live, schema } = check;
  const problems = findings.filter(({ code }) => code !== 'NO_WAY_BACK');
  const lost = findings.filter(({ code }) => code === 'NO_WAY_BACK');
  return [
    ...problems.map((finding) => renderIssue(mapping, finding)),
    ...(lost.length === 0 ? [] : ['What an export cannot reverse:', ...lost.map(({ message }) => `  ${message}`)]),
    ...(sample === null ? [] : [renderSample(sample, problems)]),
    ...(live === null ? [] : [`Compared with ${formatCount(live.customers, 'customer')} in the API.`]),
    ...(schema === null ? [] : [`Schema: ${schema}`]),
    `${mapping}: ${summarise(problems)}`,
  ].join('\n');
}

/** With errors, only what is left of the mapping could be tried. */
function renderSample(
  { rows, invalidRows }: NonNullable<MappingCheck['sample']>,
  found: readonly MappingFinding[],
): string {
  const isPart = found.some(({ severity }) => severity === 'error');
  return `Tested${isPart ? ' its valid part' : ''} on ${formatCount(rows, 'row')}: ${invalidRows} would be invalid.`;
}

function renderIssue(mapping: string, { line, column, severity, path, code, message }: MappingFinding): string {
  const place = path === '' ? '' : `${path}: `;
  return showLine(`${mapping}:${line}:${column} ${severity}: ${place}${message} [${code}]`);
}

function summarise(problems: readonly MappingFinding[]): string {
  const count = (severity: string) => problems.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (errors > 0)
    return `${formatCount(errors, 'error')}, ${formatCount(warnings, 'warning')}; the mapping cannot be used.`;
  return warnings > 0 ? `no errors, ${formatCount(warnings, 'warning')}.` : 'no errors.';
}

/** The results of a mapping's test cases; those that passed are counted, the others shown. */
export function renderMappingTest({ cases, passed, failed, mappings }: MappingTestRun): string {
  const failures = cases.filter(({ passed }) => !passed);
  return [...failures.flatMap(renderFailure), `${mappings.join(', ')}: ${passed} passed, ${failed} failed.`].join('\n');
}

function renderFailure({ file, line, name, differences }: CaseResult): readonly string[] {
  return [`${file}:${line} ${name}`, ...differences.flatMap(renderDifference), ''];
}

/** Expected above actual, so that the eye can compare them sign by sign. */
function renderDifference({ what, expected, actual }: Difference): readonly string[] {
  if (what.startsWith('row,')) return [`  ${what}: ${String(actual)}`];
  return [`  ${what}`, `    expected ${renderValue(expected)}`, `    actual   ${renderValue(actual)}`];
}

function renderValue(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
