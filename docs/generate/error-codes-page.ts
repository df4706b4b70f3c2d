import { cellFailureCodes } from '#pipelines/mapping/cells.js';
import { mappingErrorCodes } from '#pipelines/mapping/mapping-issue.js';
import * as errors from '#src/errors.js';
import { draftErrorCodes } from '#src/validation/create-draft-validator.js';
import { collectCodes, type FoundCode } from './collect-codes.js';
import { remedies } from './remedies.js';

/** The page of all codes, from the places where the sources give them. */
export function renderErrorCodesPage(): string {
  const codes = collectCodes();
  const thrown = codes.filter(({ error }) => error !== undefined);
  const others = codes.filter(({ error }) => error === undefined);
  return `${[
    '<!-- Made by `npm run docs`. Do not edit: the sources say what stands here. -->',
    '# Error codes',
    'Every error has a code that stays the same, so that scripts can tell errors apart: in brackets behind the message, as `error.code` with `--json`, and as `_errorCode` in a result file. `…` stands for what differs each time.',
    '## Exit codes',
    exitCodeTable(),
    '## Errors that end a command',
    'They come before anything is sent unless the exit code is 5.',
    table(thrown),
    '## Reasons of rows, and remarks',
    'What stands in `_errorCode` of a row, in `problems`, `notices` and `findings` of `--json`. Those about the mapping are explained on [its own page](mapping.md), those about damaged files in [reading files](reading-files.md).',
    'A code `HTTP_…` is the status that the API answered with and its own words beside it; codes such as `ECONNRESET` are those of the network.',
    table(others),
  ].join('\n\n')}\n`;
}

const meanings: Readonly<Record<keyof typeof errors.exitCodes, readonly [what: string, next: string]>> = {
  done: ['Everything is done.', ''],
  bug: ['A bug in this program.', 'Report it with the lines that it printed. What was settled is safe in the ledger.'],
  usage: [
    'Wrong usage, configuration or mapping. Nothing was sent.',
    'The message says which word, and the nearest right one.',
  ],
  unreadableInput: [
    'The input cannot be read. Nothing was sent.',
    'The message says where; `mypos-customers check` tries again without the network.',
  ],
  someRowsFailed: [
    'Finished, but some rows were invalid, rejected or failed.',
    'Mend the rejects file and import it; `resume` sends failed rows again.',
  ],
  stoppedEarly: ['Stopped early: network, server, disk, or `--max-failures`.', '`mypos-customers resume`'],
  login: ['The login failed or a right is missing.', '`mypos-customers doctor`'],
  inDoubt: ['Finished, but rows in doubt remain.', '`mypos-customers reconcile`. Never add them by hand before.'],
  guard: ['A guard refused the run before anything was sent.', 'The message says what it would have done.'],
  busy: ['Another process works on the customers of this login.', 'Try later; in cron, simply at the next time.'],
  sigint: ['Stopped by Ctrl-C, after what was under way.', '`mypos-customers resume`'],
  sigterm: ['Stopped by SIGTERM, after what was under way.', '`mypos-customers resume`'],
};

function exitCodeTable(): string {
  const rows = Object.entries(errors.exitCodes).map(([name, code]) => {
    const [what, next] = meanings[name as keyof typeof meanings];
    return `| ${code} | ${what} | ${next} |`;
  });
  return ['| exit code | what it means | what to do |', '|---|---|---|', ...rows].join('\n');
}

/** What is said elsewhere of codes that go with many messages. */
const explanations: Readonly<Record<string, string>> = {
  ...mappingErrorCodes,
  ...cellFailureCodes,
  ...draftErrorCodes,
};

function table(codes: readonly FoundCode[]): string {
  const rows = codes.map(({ code, error, message, nextStep }) => {
    const exit = error === undefined ? '' : ` (exit ${findExit(error)})`;
    const says = remedies[code]?.says ?? message ?? explanations[code] ?? '';
    return `| \`${code}\`${exit} | ${cell(says)} | ${cell(nextStep ?? remedies[code]?.next ?? '')} |`;
  });
  return ['| code | what it says | what to do |', '|---|---|---|', ...rows].join('\n');
}

function findExit(error: string): number | string {
  const found = Object.entries(errors).find(([name]) => name === error)?.[1];
  if (typeof found !== 'function') return '?';
  const Thrown = found as new (message: string, facts: { readonly code: string }) => errors.CustomersError;
  return new Thrown('', { code: '' }).exitCode;
}

function cell(text: string): string {
  return text.replaceAll(/[|<]/g, '\\$&').replaceAll(/\s*\n\s*/g, ' ');
}
