import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import { type ShownSetting, shownSettings } from '#src/library/shown-settings.js';
import { examineLogin } from './examine-login.js';
import { examineDisk, examineMapping, examineNode, examineSecretFiles, examineStateFolder } from './examine-machine.js';
import { examineWay } from './examine-way.js';
import { type DoctorFinding, fail, ok } from './finding.js';

export type { DoctorFinding, ShownSetting };

export interface DoctorReport {
  readonly status: DoctorFinding['status'];
  /** 0, or that of the first finding that failed; later ones are often its consequence. */
  readonly exitCode: ExitCode;
  readonly findings: readonly DoctorFinding[];
  readonly settings: readonly ShownSetting[];
}

/** Looks at everything that an import needs, and changes nothing but the cached token. Never throws for what is wrong. */
export async function examine(options: SettingOptions, signal: AbortSignal): Promise<DoctorReport> {
  const findings = [examineNode()];
  let settings: Settings;
  try {
    settings = resolveSettings(options);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return report([...findings, fail('configuration', error.message, error.nextStep ?? '', error.exitCode)], []);
  }
  const shown = shownSettings(settings);
  findings.push(ok('configuration', originsOf(shown)), examineMapping(settings));
  const folder = await examineStateFolder(settings);
  findings.push(folder);
  if (folder.status !== 'fail') findings.push(await examineDisk(settings));
  findings.push(...examineSecretFiles(settings));
  const way = await examineWay(settings);
  findings.push(...way);
  const isOpen = [folder, ...way].every(({ status }) => status !== 'fail');
  if (isOpen) findings.push(...(await examineLogin(settings, signal)));
  return report(findings, shown);
}

function report(findings: readonly DoctorFinding[], settings: readonly ShownSetting[]): DoctorReport {
  const failed = findings.find(({ status }) => status === 'fail');
  const warned = findings.some(({ status }) => status === 'warn');
  return {
    status: failed !== undefined ? 'fail' : warned ? 'warn' : 'ok',
    exitCode: failed?.exitCode ?? exitCodes.done,
    findings,
    settings,
  };
}

function originsOf(settings: readonly ShownSetting[]): string {
  const places = new Set(settings.map(({ origin }) => origin).filter((origin) => !/^(default|not set)$/.test(origin)));
  return places.size === 0 ? 'all defaults' : [...places].join(', ');
}
