import type { AuditCheck, AuditEntry } from '#src/app/audit/audit.js';
import { defineCommand } from '#src/cli/command.js';
import { parseWholeNumber, settingOptions, toSettingOptions } from '#src/cli/options.js';
import { renderTable } from '#src/cli/render/format.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

export const auditCommand = defineCommand({
  command: 'audit [action] [file]',
  describe: 'Who did what with the customers of this login',
  examples: [
    ['$0 audit', 'one line a deed; no names of customers'],
    ['$0 audit verify', 'whether a line was changed or removed'],
    ['$0 audit verify audit.ndjson', 'the same of a file that "auditFile" names'],
  ],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('action', { choices: ['verify'] as const, describe: 'verify: check that nothing was changed' })
      .positional('file', { type: 'string', describe: 'With verify: a file that the lines were appended to' })
      .option('limit', { type: 'string', requiresArg: true, describe: 'Only the latest so many' }),
  async run(args, reporter) {
    const { listAudit, verifyAudit } = await import('#src/app/audit/audit.js');
    const settings = resolveSettings(toSettingOptions(args));
    if (args.action === undefined) {
      const entries = listAudit(settings, parseWholeNumber('limit', args.limit));
      await reporter.result(renderEntries(entries), entries);
      return exitCodes.done;
    }
    const check = await verifyAudit(settings, args.file);
    const exitCode = check.faults.length === 0 ? exitCodes.done : exitCodes.someRowsFailed;
    await reporter.result(renderCheck(check), { ...check, exitCode });
    return exitCode;
  },
});

function renderEntries(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return 'Nothing was done with this login yet.';
  const head = ['when', 'who', 'version', 'command', 'what', 'run', 'details'];
  const rows = entries.map((entry) => [
    ...[entry.at, `${entry.user}@${entry.host}`, entry.version, entry.command, entry.what],
    ...[entry.run ?? '', renderDetails(entry)],
  ]);
  return renderTable(head, rows);
}

function renderDetails({ mode, plan, said = [], counts = {}, exitCode }: AuditEntry): string {
  return [
    ...(mode === undefined ? [] : [`mode ${mode}`]),
    ...(plan === undefined ? [] : [`plan ${plan}`]),
    ...said,
    ...Object.entries(counts).map(([name, count]) => `${count} ${name}`),
    ...(exitCode === undefined ? [] : [`exit ${exitCode}`]),
  ].join(', ');
}

function renderCheck({ file, lines, faults }: AuditCheck): string {
  const what = file ?? 'audit';
  if (faults.length === 0) return `${what}: ${lines} lines, all as they were written`;
  return [
    `${what}: ${lines} lines, and something was changed`,
    ...faults.map(({ line, message }) => `  line ${line}: ${message}`),
  ].join('\n');
}
