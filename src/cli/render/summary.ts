import { isAbsolute, relative } from 'node:path';
import { formatCount } from '#pipelines/format-count.js';
import { rowStatuses } from '#pipelines/model.js';
import type { SourceDetection } from '#pipelines/ports.js';
import type { DamageGroup } from '#pipelines/quality/damage-issue.js';
import { showLine } from '#pipelines/visible-text.js';
import type { AbsentSummary, ApiSummary, IssueGroup, RunSummary } from '#src/app/run-summary.js';
import { repeatCommand } from '#src/cli/reporter.js';
import { exitCodes } from '#src/errors.js';

const maxColumnsNamed = 5;

/** Cells that cannot be right, in one line: which and where, what is wrong, and what to do. */
export function renderIssueGroup({ columns, count, rows, sheetRows, message, suggestion, value }: DamageGroup): string {
  if (columns.length === 0) return showLine(`${message} ${suggestion}`);
  const first = value === undefined ? '' : ` "${toOneLine(value)}"`;
  const more =
    columns.length > maxColumnsNamed ? ` and ${formatCount(columns.length - maxColumnsNamed, 'more column')}` : '';
  const names = `${columns.slice(0, maxColumnsNamed).join(' + ')}${more}`;
  return showLine(`${names}${first}${renderRows(count, rows, sheetRows)}: ${message} ${suggestion}`);
}

/** Rows as a spreadsheet program shows them, with the line of an editor where that is another. */
function nameRows(rows: readonly number[], sheetRows: readonly number[] = rows): string {
  return rows.map((line, at) => (sheetRows[at] === line ? String(line) : `${sheetRows[at]} (line ${line})`)).join(', ');
}

function renderRows(count: number, rows: readonly number[], sheetRows: readonly number[] | undefined): string {
  if (count === 1) return ` (row ${nameRows(rows.slice(0, 1), sheetRows)})`;
  const more = count > rows.length ? ', …' : '';
  return ` and ${count - 1} more (${rows.length === 1 ? 'row' : 'rows'} ${nameRows(rows, sheetRows)}${more})`;
}

function toOneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, '⏎');
}

/**
 * What a run has done, for people; the last line is what to do next.
 *
 * @param argv - the command line that did it, so that the next one can be like it
 * @param details - come below the counts
 */
export function renderSummary(
  summary: RunSummary,
  argv: readonly string[] = [],
  details: readonly string[] = [],
): string {
  const { counts, files, api, input, verified, conflicts, waiting } = summary;
  const { differing } = verified;
  const title = `${summary.command}${summary.run === null ? '' : ` ${summary.run}`}`;
  const lines = rowStatuses
    .filter((status) => counts[status] > 0)
    .map((status) => `  ${pad(counts[status])} ${statusLabels[status]}`);
  return [
    `${title}: ${summary.status}${input === null ? '' : `, ${formatCount(input.rows, 'row')}`}`,
    ...(lines.length === 0 ? ['  nothing to do'] : lines),
    ...(waiting === 0 ? [] : [`  ${pad(waiting)} of them ${waiting === 1 ? 'waits' : 'wait'} for your decision`]),
    ...(differing === 0
      ? []
      : [`  ${pad(differing)} of them: the API stored a different value from the one that was sent; see _error`]),
    ...(conflicts === undefined
      ? []
      : [
          `  ${pad(conflicts)} with a field that the file and the account have both changed; see FIELD_CONFLICT in _error`,
        ]),
    ...renderAbsent(summary.absent ?? null),
    ...renderProblems(summary.problems),
    ...details,
    ...(api.requests > 0 ? [renderTraffic(api)] : []),
    ...renderFiles(files),
    ...renderStop(summary),
    ...(details.length === 0 ? suggestNextStep(summary, argv) : suggestReview(summary)),
  ].join('\n');
}

/** What a check found, for people. */
export function renderCheck(summary: RunSummary, argv: readonly string[] = []): string {
  const { counts, files, input, problems } = summary;
  const file = input?.file ?? '-';
  const others = countNonCustomers(summary);
  const leftOut = ['dry-run', 'results', 'rejects', 'first', 'columns', 'duplicates', 'json'];
  const next =
    counts.invalid > 0
      ? files.rejects === null
        ? 'Next: fix these rows, or add --rejects <file> to get them as a file'
        : `Next: fix ${shortestPath(files.rejects)}, then: ${repeatCommand(argv, shortestPath(files.rejects), leftOut)}`
      : `Next: ${repeatCommand(['import', ...argv.slice(1)], file, leftOut)} --first 5`;
  return [
    `check: ${counts.skipped - others} valid, ${counts.invalid} invalid${others === 0 ? '' : `, ${formatCount(others, 'row')} not a customer`}`,
    ...renderProblems(problems),
    ...renderFiles(files),
    ...renderStop(summary),
    ...(summary.stopped === null ? [next] : []),
  ].join('\n');
}

/** Rows that were skipped because they are no customers. */
function countNonCustomers({ problems }: Pick<RunSummary, 'problems'>): number {
  return problems.reduce((sum, { code, count }) => (code === 'NOT_A_CUSTOMER' ? sum + count : sum), 0);
}

function renderFiles({ results, rejects, review, report }: RunSummary['files']): string[] {
  const named = Object.entries({ Results: results, Rejects: rejects, Review: review, Report: report });
  return named.flatMap(([name, path]) => (path === null ? [] : [`${name}: ${path}`]));
}

const maxAbsentShown = 20;

/** Customers that are in no row of the file, and what became, or would become, of them. */
export function renderAbsent(absent: AbsentSummary | null): string[] {
  if (absent === null || absent.count === 0) return [];
  const { policy, count, deactivated, customers, known } = absent;
  const what =
    policy === 'report'
      ? 'nothing is done about them ("absent": "report")'
      : deactivated > 0
        ? `${deactivated} made inactive`
        : '"absent": "deactivate"';
  const rest = count - Math.min(maxAbsentShown, customers.length);
  return [
    `${formatCount(count, 'customer')} of ${known} in no row of the file: ${what}`,
    ...customers
      .slice(0, maxAbsentShown)
      .map(({ key, customerCode, name }) => `  key ${showLine(`${key}, ${customerCode} ${name}`)}`),
    ...(rest > 0 ? [`  … and ${rest} more: see --json`] : []),
  ];
}

const maxProblems = 10;

/** A line for each reason, the most frequent first. */
export function renderProblems(problems: readonly IssueGroup[]): string[] {
  if (problems.length === 0) return [];
  const lines = problems.slice(0, maxProblems).map(({ status, count, rows, sheetRows, message }) => {
    const more = count > rows.length ? ` and ${count - rows.length} more` : '';
    return `  ${pad(count)} × ${status.replace('_', ' ')}, row ${nameRows(rows, sheetRows)}${more}: ${showLine(message)}`;
  });
  const rest = problems.length - maxProblems;
  return [
    'Why:',
    ...lines,
    ...(rest > 0 ? [`          and ${formatCount(rest, 'more reason')}; see the result file`] : []),
  ];
}

const statusLabels = {
  created: 'created',
  updated: 'updated',
  unchanged: 'unchanged',
  deleted: 'deleted',
  deactivated: 'made inactive',
  invalid: 'invalid: never sent',
  rejected: 'rejected by the API',
  failed: 'failed: not applied, can be sent again',
  in_doubt: 'in doubt: sent, but no answer received',
  skipped: 'skipped',
  pending: 'pending: the run stopped before them',
} as const;

/** What belongs to one file only, and not to the next command. */
const perFileOptions = [
  'first',
  'results',
  'rejects',
  'review',
  'report',
  'sheet',
  'header-row',
  'no-header',
  'encoding',
  'delimiter',
  'lenient-quotes',
  'escape',
  'skip-initial-space',
  'json',
];

/** After a reconcile: what it could not settle, another one will not settle either. */
function suggestReview({ run }: RunSummary): string[] {
  return [
    `Next: check these rows in the account. If one is not there: mypos-customers reconcile ${run ?? ''} --absent <row>, then: mypos-customers resume ${run ?? ''}`,
  ];
}

/** Why a command stopped, or would, and what to do. */
export function renderStop({ stopped }: Pick<RunSummary, 'stopped'>): string[] {
  return stopped === null ? [] : [stopped.message, ...(stopped.nextStep === null ? [] : [stopped.nextStep])];
}

function suggestNextStep(summary: RunSummary, argv: readonly string[]): string[] {
  const { stopped, command, exitCode } = summary;
  const run = summary.run ?? '';
  if (stopped !== null) return [];
  if (exitCode === exitCodes.inDoubt)
    return [
      `Next: mypos-customers reconcile ${run} (finds out which rows in doubt arrived; do not add them by hand before that)`,
    ];
  if (exitCode === exitCodes.someRowsFailed) return suggestAfterFailures(summary, argv);
  if (command !== 'import') return [`Next: mypos-customers runs show ${run} (shows this summary again)`];
  if (argv.some((word) => /^--first(=|$)/.test(word)))
    return [`Next: check the results, then: ${repeatCommand(argv, summary.input?.file ?? '-', ['first'])}`];
  return [`Next: mypos-customers runs show ${run} (shows this summary again), or undo it: mypos-customers undo ${run}`];
}

function suggestAfterFailures(summary: RunSummary, argv: readonly string[]): string[] {
  const { run, files, counts, command } = summary;
  const again = counts.failed > 0 && command !== 'undo';
  const rejects =
    files.rejects === null || counts.invalid + counts.rejected === 0 ? undefined : shortestPath(files.rejects);
  return [
    ...(again ? [`Next: mypos-customers resume ${run ?? ''} (sends the failed rows again)`] : []),
    ...(rejects === undefined ? [] : [`Next: fix ${rejects}, then: ${sendFixed(summary, argv, rejects)}`]),
    ...suggestDecisions(summary, argv),
  ];
}

/** The command for a rejects or review file; the run may have been resumed, which takes fewer options. */
function sendFixed({ command, mode }: RunSummary, argv: readonly string[], file: string): string {
  const isResumed = argv[0] !== command;
  const without = isResumed ? [...perFileOptions, 'settle'] : perFileOptions;
  const again = repeatCommand([command, ...argv.slice(1)], file, without);
  return isResumed && mode !== null ? `${again} --mode ${mode}` : again;
}

function suggestDecisions(summary: RunSummary, argv: readonly string[]): string[] {
  const { review } = summary.files;
  if (review === null) return [];
  const file = shortestPath(review);
  return [
    `Next: write same, new or skip into the column "decision" of ${file}, then: ${sendFixed(summary, argv, file)}`,
  ];
}

/** Short where it can be, since it is to be typed. */
function shortestPath(path: string): string {
  const way = relative(process.cwd(), path);
  return way.startsWith('..') || isAbsolute(way) ? path : way;
}

/** What it took at the API, in one line. */
export function renderTraffic({ requests, retries, rateLimited }: ApiSummary): string {
  const retried = retries === 0 ? 'no retries' : formatCount(retries, 'retry', 'retries');
  const limited = rateLimited === 0 ? 'not rate-limited' : `rate-limited ${formatCount(rateLimited, 'time')}`;
  return `API: ${formatCount(requests, 'request')}, ${retried}, ${limited}`;
}

function pad(count: number): string {
  return String(count).padStart(7);
}

/** What a file turned out to be, in one line. */
export function renderDetection(file: string, detected: SourceDetection, rows: number): string {
  const { format, encoding, bom, delimiter, lineEnd, compression, sheet, headerRow } = detected;
  const facts = [
    format.toUpperCase() + (compression === undefined ? '' : ` (${compression})`),
    sheet === undefined ? undefined : `sheet "${showLine(sheet)}"`,
    encoding === undefined ? undefined : `${encoding}${bom === true ? ' with BOM' : ''}`,
    delimiter === undefined ? undefined : `delimiter ${delimiter === '\t' ? 'tab' : `"${delimiter}"`}`,
    lineEnd === undefined ? undefined : `line ends ${lineEnd}`,
    headerRow === undefined ? undefined : `header in row ${headerRow}`,
  ];
  return `${file === '-' ? 'standard input' : showLine(file)}: ${facts.filter((fact) => fact !== undefined).join(', ')}; ${formatCount(rows, 'row')}`;
}
