import { existsSync, mkdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { listSettings, type ShownSetting } from '#src/app/connect.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { keepsRights } from '#src/config/file-trust.js';
import { importJobs } from '#src/config/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { defaultConfigFile, type Setting, type SettingOptions, type Settings } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes, readSystemCode } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { hasFileModes } from '#src/platform.js';
import { checkConnection, checkLogin, type DoctorFinding, fail, ok, warn } from './check-connection.js';

export type { DoctorFinding, ShownSetting };

/** The results of all checks, and the settings. */
export interface DoctorReport {
  readonly status: DoctorFinding['status'];
  /** 0, or the exit code of the first check that failed; later failures are often its consequence. */
  readonly exitCode: ExitCode;
  readonly findings: readonly DoctorFinding[];
  readonly settings: readonly ShownSetting[];
}

/** Checks everything that an import needs, and changes nothing but the cached token. Failed checks do not throw. */
export async function runDoctor(options: SettingOptions, signal: AbortSignal): Promise<DoctorReport> {
  const findings = [checkNode()];
  let settings: Settings;
  try {
    settings = resolveSettings(options);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return buildReport([...findings, fail('configuration', error.message, error.nextStep, error.exitCode)], []);
  }
  const shown = listSettings(settings);
  findings.push(ok('configuration', describeOrigins(shown)), checkMappingFile(settings));
  const folder = await checkStateFolder(settings);
  findings.push(folder);
  if (folder.status !== 'fail') findings.push(await checkDisk(settings));
  findings.push(...checkSecretFiles(settings), ...checkRights(options, settings));
  const connection = await checkConnection(settings);
  findings.push(...connection);
  const canLogIn = [folder, ...connection].every(({ status }) => status !== 'fail');
  if (canLogIn) findings.push(...(await checkLogin(settings, signal)));
  return buildReport(findings, shown);
}

function buildReport(findings: readonly DoctorFinding[], settings: readonly ShownSetting[]): DoctorReport {
  const failed = findings.find(({ status }) => status === 'fail');
  const isAnyWarning = findings.some(({ status }) => status === 'warn');
  return {
    status: failed !== undefined ? 'fail' : isAnyWarning ? 'warn' : 'ok',
    exitCode: failed?.exitCode ?? exitCodes.done,
    findings,
    settings,
  };
}

function describeOrigins(settings: readonly ShownSetting[]): string {
  const origins = new Set(settings.map(({ origin }) => origin).filter((origin) => !/^(default|not set)$/.test(origin)));
  return origins.size === 0 ? 'all defaults' : [...origins].join(', ');
}

/** The supported releases, as in package.json: these majors from the minor on, and all later majors. */
const minMinor: Readonly<Record<string, number>> = { '20': 19, '22': 13 };
const minFutureMajor = 24;

function checkNode(version: string = process.versions.node): DoctorFinding {
  const [major = '', minor = ''] = version.split('.');
  const requiredMinor = minMinor[major];
  const isSupported =
    Number(major) >= minFutureMajor || (requiredMinor !== undefined && Number(minor) >= requiredMinor);
  if (isSupported) return ok('node', version);
  return fail('node', `${version} is not supported`, 'Install Node.js 20.19, 22.13, 24 or later.', exitCodes.usage);
}

/** Not every command needs a mapping, so a missing one is not a failure. */
function checkMappingFile({ mapping }: Settings): DoctorFinding {
  if (mapping.origin === 'default' && !existsSync(mapping.value))
    return ok('mapping', `there is no ${mapping.value} yet`);
  try {
    const { mapping: read } = readMappingFile(mapping.value);
    return ok('mapping', `${mapping.value}: ${read.fields.length} fields`);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return fail('mapping', error.message, error.nextStep, exitCodes.usage);
  }
}

/** Network file systems, by their Linux type numbers. SQLite's locks are not reliable on them. */
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
    const next = 'Give this user write access to it, or choose another folder with --state-dir.';
    return fail('state folder', `${path} cannot be written (${readSystemCode(error)})`, next, exitCodes.usage);
  }
  const remote = remoteFileSystems[(await statfs(path)).type];
  if (remote === undefined) return ok('state folder', path);
  const next =
    'Keep it on a local disk (--state-dir): locks are not reliable on a network drive, and rows could be sent twice.';
  return warn('state folder', `${path} is on a network drive (${remote})`, next);
}

const megabyte = 1024 * 1024;
const lowFreeBytes = 1024 * megabyte;
const minFreeBytes = 50 * megabyte;

async function checkDisk({ stateDir }: Settings): Promise<DoctorFinding> {
  const { bavail, bsize } = await statfs(stateDir.value);
  const free = bavail * bsize;
  const found = `${Math.floor(free / megabyte).toLocaleString('en')} MB free for the state folder`;
  const next = 'Free some space: a run saves every row there, and stops when it cannot.';
  if (free < minFreeBytes) return fail('disk', found, next, exitCodes.stoppedEarly);
  return free < lowFreeBytes ? warn('disk', found, next) : ok('disk', found);
}

/** Checks that only this user can read the files with secrets. */
function checkSecretFiles(settings: Settings): readonly DoctorFinding[] {
  if (!hasFileModes()) return [];
  const { username, password, accessToken, pacePassword } = settings;
  const files = [username, password, accessToken, pacePassword].flatMap(({ origin }) => parseFileOrigin(origin));
  return files.flatMap((file) => {
    if ((statSync(file).mode & 0o077) === 0) return [ok('secret file', `only you can read ${file}`)];
    return [warn('secret file', `${file} can be read by others on this machine`, `chmod 600 ${file}`)];
  });
}

/** Rights by which others could read customers, or choose what is imported. None of them is a failure: some want it so. */
function checkRights({ config }: SettingOptions, { stateDir }: Settings): readonly DoctorFinding[] {
  if (!hasFileModes()) return [];
  const readMode = (path: string) => (keepsRights(path) ? (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) : 0);
  const configFile = config ?? defaultConfigFile;
  return [
    ...((readMode(stateDir.value) & 0o077) === 0
      ? []
      : [
          warn(
            'state folder',
            `others can read ${stateDir.value}, which holds customers`,
            `chmod 700 ${stateDir.value}`,
          ),
        ]),
    ...((readMode(configFile) & 0o020) === 0
      ? []
      : [
          warn(
            'configuration',
            `its group can write to ${configFile}`,
            `If others are in that group: chmod g-w ${configFile}`,
          ),
        ]),
    ...listDropFolders(config).flatMap((folder) =>
      (readMode(folder) & 0o002) === 0
        ? []
        : [warn('drop folder', `everybody can put files into ${folder}`, `If only some should: chmod o-w ${folder}`)],
    ),
  ];
}

/** What is wrong with a job, `run` and `sweep` say. */
function listDropFolders(config: string | undefined): readonly string[] {
  try {
    return [...new Set(importJobs(config).flatMap(({ folder }) => folder ?? []))];
  } catch (error) {
    if (error instanceof CustomersError) return [];
    throw error;
  }
}

function parseFileOrigin(origin: Setting<unknown>['origin']): string[] {
  const path = /^file (.+?) \(/.exec(origin)?.[1];
  return path === undefined ? [] : [path];
}
