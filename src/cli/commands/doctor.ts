import type { DoctorFinding, DoctorReport } from '#src/app/doctor/doctor.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import { mappingOption, settingOptions, toSettingOptions } from '#src/cli/options.js';
import type { Reporter } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

export const loginCommand = defineCommand({
  command: 'login',
  describe: 'Log in and cache the token for the other commands',
  options: (yargs) => settingOptions(yargs),
  async run(args, reporter) {
    const { login } = await import('#src/app/read-customers.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const done = await login(settings, signals.signal);
      const used = `${done.tokensToday} of ${done.tokensPerDay} tokens used today (UTC)`;
      const text = done.tokenGiven
        ? `The access token in ${settings.accessToken.origin} is used directly, so there is no login to test.`
        : `Logged in to ${done.baseUrl} as ${done.login}. The token is valid for two hours; ${used}.`;
      await reporter.result(text, done);
    } finally {
      signals.release();
    }
    return exitCodes.done;
  },
});

export const doctorCommand = defineCommand({
  command: 'doctor',
  describe: 'Check the address, TLS, login, permissions, clock, state folder and settings',
  examples: [
    ['$0 doctor', 'before the first import, or when something does not work'],
    ['$0 doctor --json', 'for monitoring; the exit code shows the result, too'],
  ],
  options: (yargs) => mappingOption(settingOptions(yargs)),
  async run(args, reporter) {
    const { runDoctor } = await import('#src/app/doctor/doctor.js');
    const signals = stopOnSignals(reporter);
    try {
      const report = await runDoctor(toSettingOptions(args), signals.signal);
      await reporter.result(renderReport(report, reporter), report);
      return report.exitCode;
    } finally {
      signals.release();
    }
  },
});

const colours = { ok: undefined, warn: 'yellow', fail: 'red' } as const;

function renderReport({ findings, settings, status }: DoctorReport, reporter: Reporter): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const originWidth = Math.max(0, ...settings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding) => renderCheckResult(finding, width, reporter));
  const known = settings.map(
    ({ name, value, origin }) => `  ${name.padEnd(originWidth)}  ${value ?? '–'}  (${origin})`,
  );
  const ends = {
    ok: 'Everything is in order.',
    warn: 'It works, but see the warnings.',
    fail: 'Fix the failed checks first.',
  };
  return [...lines, ...(known.length === 0 ? [] : ['', 'Settings', ...known]), '', ends[status]].join('\n');
}

function renderCheckResult(
  { status, name, found, nextStep }: DoctorFinding,
  width: number,
  reporter: Reporter,
): string[] {
  const colour = colours[status];
  const mark = colour === undefined ? status.padEnd(4) : reporter.paintResult(colour, status.padEnd(4));
  const line = `${mark}  ${name.padEnd(width)}  ${found}`;
  return nextStep === null ? [line] : [line, `      ${' '.repeat(width)}  → ${nextStep}`];
}
