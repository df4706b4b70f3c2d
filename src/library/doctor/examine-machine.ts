import { existsSync, mkdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Setting, Settings } from '#src/config/settings.js';
import { CustomersError, exitCodes } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { readMappingFile } from '#src/library/mapping-file.js';
import { type DoctorFinding, fail, ok, warn } from './finding.js';

/** The releases that this program is tested with, as in package.json: from this minor on, or any later major. */
const leastMinor: Readonly<Record<string, number>> = { '20': 19, '22': 13 };
const newestMajor = 24;

export function examineNode(version: string = process.versions.node): DoctorFinding {
  const [major = '', minor = ''] = version.split('.');
  const least = leastMinor[major];
  const fits = Number(major) >= newestMajor || (least !== undefined && Number(minor) >= least);
  if (fits) return ok('node', version);
  return fail('node', `${version} is not supported`, 'Install Node.js 20.19, 22.13, 24 or later.', exitCodes.usage);
}

/** The mapping is not needed by every command, so that there is none yet is no failure. */
export function examineMapping({ mapping }: Settings): DoctorFinding {
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

export async function examineStateFolder({ stateDir }: Settings): Promise<DoctorFinding> {
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
const enoughBytes = 1024 * megabyte;
const leastBytes = 50 * megabyte;

export async function examineDisk({ stateDir }: Settings): Promise<DoctorFinding> {
  const { bavail, bsize } = await statfs(stateDir.value);
  const free = bavail * bsize;
  const found = `${Math.floor(free / megabyte).toLocaleString('en')} MB free for the state folder`;
  const next = 'Make room: a run keeps each row there, and stops when it cannot.';
  if (free < leastBytes) return fail('disk', found, next, exitCodes.stoppedEarly);
  return free < enoughBytes ? warn('disk', found, next) : ok('disk', found);
}

/** Files that hold secrets and that others can read. */
export function examineSecretFiles(settings: Settings): readonly DoctorFinding[] {
  if (process.platform === 'win32') return [];
  const { username, password, accessToken, pacePassword } = settings;
  const files = [username, password, accessToken, pacePassword].flatMap(({ origin }) => fileOf(origin));
  return files.flatMap((file) => {
    if ((statSync(file).mode & 0o077) === 0) return [ok('secret file', `${file} is readable by you only`)];
    return [warn('secret file', `${file} can be read by others on this machine`, `chmod 600 ${file}`)];
  });
}

function fileOf(origin: Setting<unknown>['origin']): string[] {
  const path = /^file (.+?) \(/.exec(origin)?.[1];
  return path === undefined ? [] : [path];
}
