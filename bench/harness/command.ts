import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** What a command of ours did in a process of its own. */
export interface Done {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly seconds: number;
  readonly peakMiB: number;
  /** What it printed with `--json`. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** GNU time is not everywhere, so the command itself says at its end how large it was. */
const sayPeak = `data:text/javascript,${encodeURIComponent(
  "import{readFileSync}from'node:fs';process.on('exit',()=>process.stderr.write('\\nPEAK '+(process.platform==='linux'?/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status','utf8'))[1]:process.resourceUsage().maxRSS)+'\\n'))",
)}`;

/**
 * Runs the compiled command against an API of the sandbox's kind, without a pace.
 *
 * @throws when it prints no document
 */
export function runCommand(folder: string, baseUrl: string, args: readonly string[]): Promise<Done> {
  const startedAt = performance.timeOrigin + performance.now();
  const child = spawn(
    process.execPath,
    ['--import', sayPeak, main, ...args, '--json', '--quiet', '--rate', 'unlimited'],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        MYPOS_CONNECT_USERNAME: 'sandbox@example.com',
        MYPOS_CONNECT_PASSWORD: 'sandbox',
        MYPOS_CONNECT_BASE_URL: baseUrl,
      },
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', () => {
      const seconds = (performance.timeOrigin + performance.now() - startedAt) / 1000;
      const peakMiB = Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024;
      if (stdout === '') fail(new Error(`${args.join(' ')}: ${stderr}`));
      else done({ startedAt, seconds, peakMiB, document: JSON.parse(stdout) as Done['document'] });
    });
  });
}
