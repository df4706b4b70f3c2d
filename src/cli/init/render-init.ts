import { renderSummary } from '#src/cli/render-summary.js';
import type { DoctorFinding } from '#src/library/doctor/finding.js';
import type { Ready } from './run-pilot.js';
import type { SetUp } from './what-was-set-up.js';

/** What was written and where, and what to know of the login. */
export function renderKept({ profile, login, mapping }: Omit<Ready, 'first'>): readonly string[] {
  const kept =
    profile === undefined || login === undefined
      ? []
      : [
          ...login.findings.filter(({ status }) => status !== 'ok').map(told),
          `Profile "${profile.name}" (${login.username} at ${login.baseUrl}) is in ${profile.config}.`,
          `The password is in ${profile.passwordFile}; the profile only names this file.`,
        ];
  return mapping?.suggested === undefined ? kept : [...kept, `The mapping is in ${mapping.output}.`];
}

/** What became of the pilot, or what to do next. */
export function renderSetUp({ profile, mapping, pilot }: SetUp, pilotArgv: readonly string[] = []): string {
  if (pilot !== null) return renderSummary(pilot, pilotArgv);
  if (profile === null && mapping === null) return 'Nothing was set up.\nNext: mypos-customers init <file>';
  const settings = profile === null ? '' : settingsOf(profile);
  if (mapping === null) return `Next: mypos-customers doctor${settings}`;
  const usual = mapping.output === 'mappings.json' ? '' : ` --mapping ${mapping.output}`;
  return `Next: mypos-customers check ${quoted(mapping.file)}${usual}${settings}`;
}

function told({ name, found, nextStep }: DoctorFinding): string {
  return `Note: ${name}: ${found}${nextStep === null ? '' : `\n  ${nextStep}`}`;
}

function settingsOf({ config, name, isDefault }: NonNullable<SetUp['profile']>): string {
  return `${config === 'mypos-customers.json' ? '' : ` --config ${config}`}${isDefault ? '' : ` --profile ${name}`}`;
}

function quoted(file: string): string {
  return /\s/.test(file) ? JSON.stringify(file) : file;
}
