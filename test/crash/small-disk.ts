import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A disk small enough to be filled. Mounting it needs root, which the continuous integration has. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves so many bytes free. */
  fill(freeBytes: number): void;
  makeRoom(): void;
  setReadOnly(): void;
  setWritable(): void;
  unmount(): void;
}

/** Whether disks can be mounted here; in continuous integration they must be. */
export const mayMount = process.getuid?.() === 0 || process.env.CI !== undefined;

const sizeBytes = 4 * 1024 * 1024;

export function mountSmallDisk(path: string): SmallDisk {
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: (freeBytes) => {
      const [free = 0] =
        execFileSync('df', ['--output=avail', '-B1', path], { encoding: 'utf8' }).match(/\d+/g)?.map(Number) ?? [];
      writeFileSync(ballast, Buffer.alloc(Math.max(0, free - freeBytes)));
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    setReadOnly: () => {
      execFileSync('mount', ['-o', 'remount,ro', path]);
    },
    setWritable: () => {
      execFileSync('mount', ['-o', 'remount,rw', path]);
    },
    unmount: () => {
      execFileSync('umount', ['-l', path]);
    },
  };
}
