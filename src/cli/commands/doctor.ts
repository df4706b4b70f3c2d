import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DoctorFinding, DoctorReport } from '#src/app/doctor/doctor.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  mappingOption,
  omitUndefined,
  type SettingArguments,
  settingOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { isInteractive } from '#src/cli/prompts/ask.js';
import type { Reporter } from '#src/cli/reporter.js';
import { userConfigFile } from '#src/config/config-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';

export const loginCommand = defineCommand({
  command: 'login',
  describe: 'Ask for address and login and store them for commands in any folder; with a login, get a token',
  examples: [
    ['$0 login', 'once, on a terminal: address, e-mail, password'],
    ['$0 login --new --profile shop-b', 'one more account'],
  ],
  options: (yargs) =>
    settingOptions(yargs).option('new', {
      type: 'boolean',
      default: false,
      describe: 'Ask for address and login even if there are some',
    }),
  async run(args, reporter) {
    const { login } = await import('#src/app/read-customers.js');
    const mayAsk = isInteractive() && !reporter.json && !reporter.quiet;
    if (args.new && !mayAsk)
      throw new UsageError('--new asks for a login, and here nobody can answer.', {
        code: 'USAGE',
        nextStep: 'Run it on a terminal, or use: mypos-customers init --yes',
      });
    const isNew = mayAsk && (args.new || !(await hasLogin(toSettingOptions(args))));
    if (isNew) return storeLogin(args, reporter);
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

/** Whether there is a login; a profile that does not exist yet has none. */
async function hasLogin(options: SettingOptions): Promise<boolean> {
  const { profileExists } = await import('#src/app/init/profile.js');
  const { profile, config, ...others } = options;
  if (profile !== undefined && !profileExists(config ?? userConfigFile(), profile) && !profileExists(config, profile))
    return false;
  const settings = resolveSettings({ ...others, ...omitUndefined({ profile, config }) });
  const { sandbox, accessToken, username, password } = settings;
  return sandbox.value || accessToken.value !== undefined || (username.value ?? password.value) !== undefined;
}

/** Asks for a login until it works, and stores it where commands in any folder find it. */
async function storeLogin(args: SettingArguments, reporter: Reporter): Promise<ExitCode> {
  const { obtainLogin } = await import('#src/cli/init/obtain-login.js');
  const { saveProfile } = await import('#src/app/init/profile.js');
  const signals = stopOnSignals(reporter);
  try {
    const { profile: name = 'default', config = userConfigFile(), ...options } = toSettingOptions(args);
    const found = await obtainLogin({ baseUrl: args.baseUrl }, options, true, reporter, signals.signal);
    if (found === undefined) {
      await reporter.result('Nothing was stored. The sandbox needs no login: add --sandbox to any command.', null);
      return exitCodes.done;
    }
    const { baseUrl, username, secret } = found;
    mkdirSync(dirname(config), { recursive: true, mode: 0o700 });
    const saved = await saveProfile({ config, name, baseUrl, username, secret, mapping: undefined });
    const choice = saved.isDefault ? 'Commands in any folder use it.' : `To use it: --profile ${name}.`;
    await reporter.result(
      [
        `Logged in to ${baseUrl} as ${username}. ${choice}`,
        `Stored as profile "${name}" in ${saved.config}; the password is in ${saved.passwordFile}, which only you can read.`,
        'Next: mypos-customers doctor',
      ].join('\n'),
      saved,
    );
    return exitCodes.done;
  } finally {
    signals.release();
  }
}

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
