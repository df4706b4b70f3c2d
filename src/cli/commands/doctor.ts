import { defineCommand } from '#src/cli/command.js';
import { mappingOption, settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import type { Reporter } from '#src/cli/reporter.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import type { DoctorFinding, DoctorReport } from '#src/library/doctor/examine.js';

export const doctorCommand = defineCommand({
  command: 'doctor',
  describe: 'Say what is wrong: address, TLS, login, rights, clock, state folder, settings',
  examples: [
    ['$0 doctor', 'before the first import, or when something does not work'],
    ['$0 doctor --json', 'for a monitor; the exit code says it, too'],
  ],
  options: (yargs) => mappingOption(settingOptions(yargs)),
  async run(args, reporter) {
    const { examine } = await import('#src/library/doctor/examine.js');
    const signals = stopOnSignals(reporter);
    try {
      const report = await examine(toSettingOptions(args), signals.signal);
      await reporter.result(render(report, reporter), report);
      return report.exitCode;
    } finally {
      signals.release();
    }
  },
});

const colours = { ok: undefined, warn: 'yellow', fail: 'red' } as const;

function render({ findings, settings, status }: DoctorReport, reporter: Reporter): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const originWidth = Math.max(0, ...settings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding) => renderFinding(finding, width, reporter));
  const known = settings.map(
    ({ name, value, origin }) => `  ${name.padEnd(originWidth)}  ${value ?? '–'}  (${origin})`,
  );
  const ends = { ok: 'All is well.', warn: 'It works; look at the warnings.', fail: 'This must be mended first.' };
  return [...lines, ...(known.length === 0 ? [] : ['', 'Settings', ...known]), '', ends[status]].join('\n');
}

function renderFinding({ status, name, found, nextStep }: DoctorFinding, width: number, reporter: Reporter): string[] {
  const colour = colours[status];
  const mark = colour === undefined ? status.padEnd(4) : reporter.paintResult(colour, status.padEnd(4));
  const line = `${mark}  ${name.padEnd(width)}  ${found}`;
  return nextStep === null ? [line] : [line, `      ${' '.repeat(width)}  → ${nextStep}`];
}
