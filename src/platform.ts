import { rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/**
 * What differs between operating systems. Every function takes the platform as its last argument, so that the rules of
 * Windows can be tested anywhere.
 */
export type Platform = NodeJS.Platform;

type Environment = Readonly<Record<string, string | undefined>>;

function pathOf(platform: Platform) {
  return platform === 'win32' ? win32 : posix;
}

/** The folder for what programs keep of a user: `XDG_STATE_HOME`, `%LOCALAPPDATA%`, or `~/.local/state`. */
export function findStateBase(environment: Environment, platform: Platform = process.platform): string {
  const ofWindows = platform === 'win32' ? environment.LOCALAPPDATA : undefined;
  return environment.XDG_STATE_HOME || ofWindows || pathOf(platform).join(homedir(), '.local', 'state');
}

/** The folder for the settings of a user: `XDG_CONFIG_HOME`, `%APPDATA%`, or `~/.config`. */
export function findConfigBase(environment: Environment, platform: Platform = process.platform): string {
  const ofWindows = platform === 'win32' ? environment.APPDATA : undefined;
  return environment.XDG_CONFIG_HOME || ofWindows || pathOf(platform).join(homedir(), '.config');
}

/** Whether the mode of a file says who may read it. On Windows access lists do, which Node does not show. */
export function hasFileModes(platform: Platform = process.platform): boolean {
  return platform !== 'win32';
}

/**
 * A word of a command line as shells and people read it. On Windows in double quotes, which both cmd and PowerShell take;
 * a backslash before a quotation mark is doubled there, or it would escape the mark.
 */
export function quoteForShell(word: string, platform: Platform = process.platform): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) return word;
  if (platform !== 'win32') return `'${word.replaceAll("'", "'\\''")}'`;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
}

/** A signal that ends a command well, and the one whose exit code it has. */
export interface StopSignal {
  readonly name: NodeJS.Signals;
  readonly means: 'SIGINT' | 'SIGTERM';
}

const interrupt: StopSignal = { name: 'SIGINT', means: 'SIGINT' };
const terminate: StopSignal = { name: 'SIGTERM', means: 'SIGTERM' };

/**
 * Windows has no SIGTERM that a process could hear. It has Ctrl-Break, and a closed console, after which it gives the
 * process ten seconds (https://nodejs.org/api/process.html#signal-events).
 */
export function listStopSignals(platform: Platform = process.platform): readonly StopSignal[] {
  if (platform !== 'win32') return [interrupt, terminate];
  return [interrupt, terminate, { name: 'SIGBREAK', means: 'SIGTERM' }, { name: 'SIGHUP', means: 'SIGTERM' }];
}

/** Whether two absolute paths mean the same file: the file systems of Windows and macOS do not tell case apart. */
export function isSamePath(a: string, b: string, platform: Platform = process.platform): boolean {
  const path = pathOf(platform);
  const fold = (text: string) => {
    const whole = path.resolve(text);
    return platform === 'win32' || platform === 'darwin' ? whole.normalize('NFC').toLowerCase() : whole;
  };
  return fold(a) === fold(b);
}

/** Whether `/proc/self/fd` leads to what a process has open, so that nobody can put something else in its place. */
export function hasDescriptorPaths(platform: Platform = process.platform): boolean {
  return platform === 'linux';
}

/**
 * Why a program cannot be started without a shell.
 *
 * @returns a sentence, or `undefined` when it can
 */
export function findProgramProblem(program: string, platform: Platform = process.platform): string | undefined {
  if (platform !== 'win32' || !/\.(?:cmd|bat)$/i.test(program)) return undefined;
  return `Windows runs ${program} only through cmd: write ["cmd", "/d", "/c", ${JSON.stringify(program)}].`;
}

/** Names that Windows keeps for devices, with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Why no file can have the name of this path.
 *
 * @returns half a sentence, or `undefined` when one can
 */
export function findNameProblem(path: string, platform: Platform = process.platform): string | undefined {
  if (platform !== 'win32') return undefined;
  const name = win32.basename(path);
  if (deviceName.test(name)) return 'Windows keeps this name for a device';
  if (/[<>:"|?*]/.test(name)) return 'Windows does not allow < > : " | ? * in names';
  return /[. ]$/.test(name) ? 'Windows does not allow a dot or a space at the end of a name' : undefined;
}

/** The address of a file as a page in a folder links to it: relative, or whole where another drive or share has the file. */
export function linkFrom(folder: string, file: string, platform: Platform = process.platform): string {
  const path = pathOf(platform);
  const relative = path.relative(folder, file);
  if (path.isAbsolute(relative)) return pathToFileURL(relative, { windows: platform === 'win32' }).href;
  return relative.split(path.sep).map(encodeURIComponent).join('/');
}

/** While another program reads a file, such as a virus scanner, Windows lets nobody replace it. */
const heldCodes: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY']);
const firstDelayMs = 10;
/** Ten tries, 5 seconds. A file that is open in Excel stays open for longer, and is an error. */
const maxTries = 10;

interface ReplaceOptions {
  readonly platform?: Platform;
  readonly rename?: (from: string, to: string) => Promise<void>;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Renames a file, over one that is there; on Windows with patience for programs that hold it for a moment. */
export async function replaceFile(from: string, to: string, options: ReplaceOptions = {}): Promise<void> {
  const { platform = process.platform, rename: move = rename, wait = delay } = options;
  for (let attempt = 1; ; attempt += 1)
    try {
      return await move(from, to);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (platform !== 'win32' || !heldCodes.has(code) || attempt === maxTries) throw error;
      await wait(firstDelayMs * 2 ** (attempt - 1));
    }
}
