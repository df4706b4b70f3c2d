import { codes } from '#pipelines/codes.js';
import { formatCount } from '#pipelines/format-count.js';
import type { RowCounts } from '#pipelines/model.js';
import { countOutcomes } from '#src/app/not-reached.js';
import { quoteArgument } from '#src/app/quote-argument.js';
import { readSavedFindings } from '#src/app/scan-input.js';
import { toKebabCase } from '#src/config/settings.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type {
  InputWarning,
  NextStep,
  ReportContent,
  ReportData,
  WaitingEntry,
} from '#src/results/report/report-data.js';

type Summary = Pick<ReportData, 'account' | 'profile' | 'result' | 'nextSteps' | 'waiting' | 'warnings'>;

/** What a reader of a report needs first, from the ledger. */
export function collectSummary(ledger: Ledger, run: RunRecord, content: ReportContent): Summary {
  const settings = ledger.runs.loadSettings(run.number);
  const readSetting = (name: string) => settings.find((setting) => setting.name === name)?.value;
  const isSandbox = readSetting('sandbox') === true || readSetting('sandbox') === 'true';
  const counts = countOutcomes(ledger, run);
  const waiting = listWaiting(ledger, run);
  const open = waiting.filter(({ isDone }) => !isDone).length;
  return {
    account: isSandbox
      ? { login: 'sandbox', baseUrl: 'the embedded sandbox' }
      : {
          login: String(readSetting('username') ?? 'a given access token'),
          baseUrl: String(readSetting('baseUrl') ?? 'an unknown address'),
        },
    profile: findProfile(settings) ?? null,
    result: describeResult(run, counts, open),
    nextSteps: listNextSteps(run, counts, open, describeSettings(settings)),
    waiting,
    warnings: listWarnings(ledger, run, content),
  };
}

function listWaiting(ledger: Ledger, run: RunRecord): readonly WaitingEntry[] {
  const messages = new Map<number, string>();
  for (const { number, outcome } of ledger.runs.rowsNotDone(run.number))
    if (outcome !== undefined && 'reason' in outcome) messages.set(number, outcome.reason.message);
  return ledger.decisions.waitingRows(run.name).map(({ row, reason, candidates, isDone }) => ({
    row,
    reason,
    message: messages.get(row) ?? (Object.hasOwn(codes, reason) ? codes[reason as keyof typeof codes].meaning : ''),
    candidates: candidates.map(({ customerCode }) => customerCode),
    isDone,
  }));
}

function listWarnings(ledger: Ledger, run: RunRecord, content: ReportContent): readonly InputWarning[] {
  const notices = content.kind === 'known' ? content.notices : [];
  const cells = readSavedFindings(ledger.inputScans.load(run.number));
  return [
    ...notices.map(({ code, message }) => ({ code, message, columns: [], count: 1, rows: [] })),
    ...cells.map(({ code, columns, count, rows, sheetRows, message, suggestion }) => ({
      ...{ code, columns, count },
      rows: sheetRows ?? rows,
      message: `${message} ${suggestion}`,
    })),
  ];
}

function describeResult(run: RunRecord, counts: RowCounts, open: number): ReportData['result'] {
  const toFix = counts.invalid + counts.rejected + counts.failed;
  if (run.state !== 'completed')
    return { text: 'Not finished: it ended before all rows were done, and can be continued.', tone: 'wait' };
  if (counts.in_doubt > 0)
    return {
      text: `Finished, but it is not known whether ${formatCount(counts.in_doubt, 'row')} arrived.`,
      tone: 'wait',
    };
  if (toFix > open) {
    const rows = formatCount(toFix - open, 'row');
    return { text: `Finished, but ${rows} ${toFix - open === 1 ? 'was' : 'were'} not applied.`, tone: 'fix' };
  }
  if (open > 0)
    return {
      text: `Finished, and ${formatCount(open, 'row')} ${open === 1 ? 'waits' : 'wait'} for a decision.`,
      tone: 'wait',
    };
  return { text: 'Everything is done.', tone: 'good' };
}

/** The commands are those that the terminal suggests, with the settings that the run had. */
function listNextSteps(run: RunRecord, counts: RowCounts, open: number, words: readonly string[]): readonly NextStep[] {
  const command = (...parts: readonly string[]) => ['mypos-customers', ...parts, ...words].map(quoteArgument).join(' ');
  const { rejects, review } = run.files;
  const isImport = run.command === 'import';
  const mode = run.mode === undefined ? [] : ['--mode', run.mode];
  const steps: NextStep[] = [];
  if (run.state !== 'completed') steps.push({ text: 'Continue it', command: command('resume', run.name) });
  else if (counts.in_doubt > 0)
    steps.push({
      text: 'Find out which rows in doubt arrived; do not add them by hand before that',
      command: command('reconcile', run.name),
    });
  else if (counts.failed > 0 && run.command !== 'undo')
    steps.push({ text: 'Send the failed rows again', command: command('resume', run.name) });
  if (isImport && rejects !== undefined && counts.invalid + counts.rejected > open)
    steps.push({
      text: 'Fix the rows in the rejects file, then import it',
      command: command('import', rejects, ...mode),
    });
  if (isImport && review !== undefined && open > 0)
    steps.push({
      text: 'Write same, new or skip into the column "decision" of the review file, then import it',
      command: command('import', review, ...mode),
    });
  return steps;
}

type RunSettings = ReturnType<Ledger['runs']['loadSettings']>;

/** `profile "shop" in mypos-customers.json` */
const profileOrigin = /^profile "(.+)" in (.+)$/;

function findProfile(settings: RunSettings): string | undefined {
  for (const { origin } of settings) {
    const [, name] = profileOrigin.exec(origin) ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Settings that say whose customers the run is about, as options. */
const accountSettings: ReadonlySet<string> = new Set(['baseUrl', 'stateDir', 'sandbox', 'caFile', 'mapping']);

function describeSettings(settings: RunSettings): readonly string[] {
  const [, profile, config] =
    settings.map(({ origin }) => profileOrigin.exec(origin)).find((found) => found !== null) ?? [];
  const fromProfile = profile === undefined || config === undefined ? [] : ['--profile', profile, '--config', config];
  const given = settings.filter(({ name, origin }) => accountSettings.has(name) && origin.startsWith('option '));
  return [
    ...fromProfile,
    ...given.flatMap(({ name, value }) =>
      name === 'sandbox' ? ['--sandbox'] : [`--${toKebabCase(name)}`, String(value)],
    ),
  ];
}
