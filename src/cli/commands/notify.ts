import { formatCount } from '#pipelines/format-count.js';
import type { TargetsTested } from '#src/app/alerts/test-targets.js';
import { defineCommand, defineGroup } from '#src/cli/command.js';
import { localOptions, toSettingOptions } from '#src/cli/options.js';

const testCommand = defineCommand({
  command: 'test [target..]',
  describe: 'Send a test message to the targets under "notify" in the configuration file',
  examples: [
    ['$0 notify test', 'to all targets'],
    ['$0 notify test office', 'to one'],
  ],
  options: (yargs) =>
    localOptions(yargs).positional('target', {
      type: 'string',
      array: true,
      default: [],
      describe: 'Names of targets (default: all)',
    }),
  async run(args, reporter) {
    const { testNotifyTargets } = await import('#src/app/alerts/test-targets.js');
    const tested = await testNotifyTargets(toSettingOptions(args), args.target);
    for (const { name, error } of tested.targets) if (error !== null) reporter.error(`Error: ${name}: ${error}`);
    await reporter.result(reporter.quiet ? '' : renderTested(tested), tested);
    return tested.exitCode;
  },
});

function renderTested({ targets }: TargetsTested): string {
  const taken = targets.filter(({ error }) => error === null);
  const lines = taken.map(({ name, kind }) => `${name} (${kind}) took the test message.`);
  return lines.length === 0 ? 'No target took the test message.' : lines.join('\n');
}

const checkCommand = defineCommand({
  command: 'check',
  describe: 'Alert about jobs for which nothing has come for too long (for cron)',
  examples: [['$0 notify check --config /etc/mypos-customers.json', 'every hour']],
  options: (yargs) => localOptions(yargs),
  async run(args, reporter) {
    const { checkSilentJobs } = await import('#src/app/alerts/test-targets.js');
    const checked = await checkSilentJobs(toSettingOptions(args));
    for (const error of checked.errors) reporter.error(`Error: ${error}`);
    await reporter.result(reporter.quiet ? '' : `Checked ${formatCount(checked.jobs.length, 'job')}.`, checked);
    return checked.exitCode;
  },
});

export const notifyCommand = defineGroup('notify', 'Test alerts, and alert about jobs that nothing comes for', [
  testCommand,
  checkCommand,
]);
