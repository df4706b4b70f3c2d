import type { ConformanceCheck, ConformanceReport } from '#src/app/conformance/check-conformance.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import { settingOptions, toSettingOptions } from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

export const conformanceCommand = defineCommand({
  command: 'conformance',
  describe: 'Try whether an account behaves as this program assumes, and keep the result',
  examples: [
    ['$0 conformance', 'by reading only; the whole list is read once'],
    ['$0 conformance --with-writes', 'also with one test customer, which is deleted again'],
  ],
  options: (yargs) =>
    settingOptions(yargs).option('with-writes', {
      type: 'boolean',
      default: false,
      describe: 'Also add, change and delete one test customer',
    }),
  async run(args, reporter) {
    const { checkConformance } = await import('#src/app/conformance/check-conformance.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const { withWrites } = args;
      const report = await checkConformance(
        settings,
        { withWrites, signal: signals.signal },
        createRunObserver(reporter),
      );
      await reporter.result(renderReport(report), report);
      return report.exitCode;
    } finally {
      signals.release();
    }
  },
});

const marks = { as_assumed: 'ok ', otherwise: 'NO ', unknown: '?  ' } as const;

function renderReport({ target, checks }: ConformanceReport): string {
  const untrue = checks.filter(({ status }) => status === 'otherwise').length;
  const end =
    untrue === 0
      ? 'Nothing was found that is not as assumed.'
      : `${untrue} not as assumed; it is not relied on from now on.`;
  return [`${target.baseUrl} as ${target.login}`, '', ...checks.flatMap(renderCheck), '', end].join('\n');
}

function renderCheck({ status, assumes, found, effect }: ConformanceCheck): readonly string[] {
  const line = `${marks[status]}  ${assumes} ${found === '' ? '' : `(${found})`}`;
  return effect === null ? [line] : [line, `     → ${effect}`];
}
