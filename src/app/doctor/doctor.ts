import { existsSync, mkdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { listSettings, type ShownSetting } from '#src/app/connect.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { Setting, SettingOptions, Settings } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { checkConnection, checkLogin, type DoctorFinding, fail, ok, warn } from './check-connection.js';

export type { DoctorFinding, ShownSetting };

export interface DoctorReport {
  readonly status: DoctorFinding['status'];
  /** 0, or that of the first finding that failed; later ones are often its consequence. */
  readonly exitCode: ExitCode;
  readonly findings: readonly DoctorFinding[];
  readonly settings: readonly ShownSetting[];
}

/** Looks at everything that an import needs, and changes nothing but the cached token. Never throws for what is wrong. */
export async function runDoctor(options: SettingOptions, signal: AbortSignal): Promise<DoctorReport> {
  const findings = [checkNode()];
  let settings: Settings;
  try {
    settings = resolveSettings(options);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return buildReport([...findings, fail('configuration', error.message, error.nextStep ?? '', error.exitCode)], []);
  }
  const shown = listSettings(settings);
  findings.push(ok('configuration', describeOrigins(shown)), checkMappingFile(settings));
  const folder = await checkStateFolder(settings);
  findings.push(folder);
  if (folder.status !== 'fail') findings.push(await checkDisk(settings));
  findings.push(...checkSecretFiles(settings));
  const way = await checkConnection(settings);
  findings.push(...way);
  const isOpen = [folder, ...way].every(({ status }) => status !== 'fail');
  if (isOpen) findings.push(...(await checkLogin(settings, signal)));
  return buildReport(findings, shown);
}

function buildReport(findings: readonly DoctorFinding[], settings: readonly ShownSetting[]): DoctorReport {
  const failed = findings.find(({ status }) => status === 'fail');
  const warned = findings.some(({ status }) => status === 'warn');
  return {
    status: failed !== undefined ? 'fail' : warned ? 'warn' : 'ok',
    exitCode: failed?.exitCode ?? exitCodes.done,
    findings,
    settings,
  };
}

function describeOrigins(settings: readonly ShownSetting[]): string {
  const places = new Set(settings.map(({ origin }) => origin).filter((origin) => !/^(default|not set)$/.test(origin)));
  return places.size === 0 ? 'all defaults' : [...places].join(', ');
}

/** The releases that this program is tested with, as in package.json: from this minor on, or any later major. */
const minMinor: Readonly<Record<string, number>> = { '20': 19, '22': 13 };
const minFutureMajor = 24;

function checkNode(version: string = process.versions.node): DoctorFinding {
  const [major = '', minor = ''] = version.split('.');
  const least = minMinor[major];
  const fits = Number(major) >= minFutureMajor || (least !== undefined && Number(minor) >= least);
  if (fits) return ok('node', version);
  return fail('node', `${version} is not supported`, 'Install Node.js 20.19, 22.13, 24 or later.', exitCodes.usage);
}

/** The mapping is not needed by every command, so that there is none yet is no failure. */
function checkMappingFile({ mapping }: Settings): DoctorFinding {
  if (mapping.origin === 'default' && !existsSync(mapping.value))
    return ok('mapping', `there is no ${mapping.value} here (yet)`);
  try {
    const { mapping: read } = readMappingFile(mapping.value);
    return ok('mapping', `${mapping.value}: ${read.fields.length} fields`);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return fail('mapping', error.message, error.nextStep ?? '', exitCodes.usage);
  }
}

/** File systems of other machines, by the numbers that Linux gives them: SQLite's locks cannot be trusted there. */
const remoteFileSystems: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'SMB',
  4266872130: 'CIFS',
};

async function checkStateFolder({ stateDir }: Settings): Promise<DoctorFinding> {
  const path = stateDir.value;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const probe = await beginAtomicFile(`${path}/doctor`);
    await probe.discard();
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : '';
    const next = 'Give this user write access to it, or name another folder with --state-dir.';
    return fail('state folder', `${path} cannot be written (${why})`, next, exitCodes.usage);
  }
  const remote = remoteFileSystems[(await statfs(path)).type];
  if (remote === undefined) return ok('state folder', path);
  const next =
    'Keep it on a disk of this machine (--state-dir): locks over the network fail, and then rows are sent twice.';
  return warn('state folder', `${path} is on a network drive (${remote})`, next);
}

const megabyte = 1024 * 1024;
const lowFreeBytes = 1024 * megabyte;
const minFreeBytes = 50 * megabyte;

async function checkDisk({ stateDir }: Settings): Promise<DoctorFinding> {
  const { bavail, bsize } = await statfs(stateDir.value);
  const free = bavail * bsize;
  const found = `${Math.floor(free / megabyte).toLocaleString('en')} MB free for the state folder`;
  const next = 'Make room: a run keeps each row there, and stops when it cannot.';
  if (free < minFreeBytes) return fail('disk', found, next, exitCodes.stoppedEarly);
  return free < lowFreeBytes ? warn('disk', found, next) : ok('disk', found);
}

/** Files that hold secrets and that others can read. */
function checkSecretFiles(settings: Settings): readonly DoctorFinding[] {
  if (process.platform === 'win32') return [];
  const { username, password, accessToken, pacePassword } = settings;
  const files = [username, password, accessToken, pacePassword].flatMap(({ origin }) => parseFileOrigin(origin));
  return files.flatMap((file) => {
    if ((statSync(file).mode & 0o077) === 0) return [ok('secret file', `${file} is readable by you only`)];
    return [warn('secret file', `${file} can be read by others on this machine`, `chmod 600 ${file}`)];
  });
}

function parseFileOrigin(origin: Setting<unknown>['origin']): string[] {
  const path = /^file (.+?) \(/.exec(origin)?.[1];
  return path === undefined ? [] : [path];
}
