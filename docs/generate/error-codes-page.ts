import type { CodeEntry, CodeTable } from '#pipelines/codes/code-table.js';
import { codeChapters } from '#pipelines/codes.js';
import { exitCodes } from '#src/errors.js';

/** The page of all codes, from the table of codes. */
export function renderErrorCodesPage(): string {
  return `${[
    '<!-- Made by `npm run docs` from pipelines/codes. Do not edit. -->',
    '# Error codes',
    'Every error, warning and reason has a code that stays the same, so that scripts can distinguish them. You find it in brackets after the message, as `error.code` with `--json`, as `_errorCode` in a result file, and as `code` in `problems`, `notices` and `findings` of `--json`. If an exit code is shown, a command can end with it.',
    'A code such as `HTTP_400` is the HTTP status of the API’s response; the API’s own message follows it. If the API gives a code of its own, that is shown instead. Codes such as `ECONNRESET` or `UND_ERR_SOCKET` are network errors. None of these is in the tables below.',
    '## Exit codes',
    renderExitCodes(),
    ...Object.entries(codeChapters).flatMap(([name, chapter]) => [
      `## ${titles[name as keyof typeof titles]}`,
      renderChapter(chapter),
    ]),
  ].join('\n\n')}\n`;
}

const titles: Readonly<Record<keyof typeof codeChapters, string>> = {
  commands: 'Commands, settings, runs and jobs',
  dropFolder: 'Drop folders',
  guards: 'Guards',
  api: 'Network, API and login',
  files: 'Files that cannot be read',
  content: 'Content of files',
  mapping: 'Mapping and values',
  rows: 'Rows',
  returned: 'Files that come back',
};

const continueOrRepeat = 'Run the command again; an import, delete or undo: `mypos-customers resume`.';

const exitMeanings: Readonly<Record<keyof typeof exitCodes, readonly [meaning: string, nextStep: string]>> = {
  done: ['Everything is done.', ''],
  bug: ['A bug in this program.', 'Report it with the output of the command. Finished rows are safe in the ledger.'],
  usage: [
    'Wrong usage, configuration or mapping. Nothing was sent.',
    'The message says what is wrong, and suggests the correct name.',
  ],
  unreadableInput: [
    'The input cannot be read. Nothing was sent.',
    'The message shows where; `mypos-customers check` tries again without the network.',
  ],
  someRowsFailed: [
    'Finished, but some rows were invalid, rejected or failed.',
    'Fix the rejects file and import it; `resume` sends failed rows again.',
  ],
  stoppedEarly: ['Stopped early: network, server, disk, or `--max-failures`.', continueOrRepeat],
  login: ['The login failed, or a permission is missing.', '`mypos-customers doctor`'],
  inDoubt: [
    'Finished, but rows in doubt remain.',
    '`mypos-customers reconcile`. Do not add the rows by hand before that.',
  ],
  guard: [
    'Refused for safety, normally before anything was sent.',
    'The message says why and how to continue; see its code below.',
  ],
  busy: [
    'Another process is working on the customers of this login.',
    'Try again later; a cron job can simply wait for its next run.',
  ],
  sigint: ['Stopped by Ctrl-C, after finishing the requests in flight.', continueOrRepeat],
  sigterm: ['Stopped by SIGTERM, after finishing the requests in flight.', continueOrRepeat],
};

function renderExitCodes(): string {
  const rows = Object.entries(exitCodes).map(([name, code]) => {
    const [meaning, nextStep] = exitMeanings[name as keyof typeof exitMeanings];
    return `| ${code} | ${meaning} | ${nextStep} |`;
  });
  return ['| exit code | meaning | what to do |', '|---|---|---|', ...rows].join('\n');
}

function renderChapter(chapter: CodeTable): string {
  const rows = Object.entries(chapter)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, entry]) =>
        `| \`${code}\`${renderExit(entry)}${renderFormerNames(entry)} | ${escapeCell(entry.meaning)} | ${escapeCell(entry.nextStep)} |`,
    );
  return ['| code | meaning | what to do |', '|---|---|---|', ...rows].join('\n');
}

function renderExit({ exit }: CodeEntry): string {
  return exit === undefined ? '' : ` (exit ${[exit].flat().join(' or ')})`;
}

function renderFormerNames({ formerly = [] }: CodeEntry): string {
  return formerly.length === 0 ? '' : `, formerly ${formerly.map((name) => `\`${name}\``).join(', ')}`;
}

function escapeCell(text: string): string {
  // In a code span, a backslash would be shown.
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part.replaceAll('|', '\\|') : part.replaceAll(/[|<]/g, '\\$&')))
    .join('');
}
