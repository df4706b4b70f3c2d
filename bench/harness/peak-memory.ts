import { readFileSync } from 'node:fs';

/** The most memory that this process ever had, in MiB. */
export function peakMiB(): number {
  // `maxRSS` is no use on Linux: a process inherits the peak of the one that starts it.
  const peak =
    process.platform === 'linux' ? /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) : null;
  return Number(peak?.[1] ?? process.resourceUsage().maxRSS) / 1024;
}
