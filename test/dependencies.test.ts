import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Readonly<Record<string, Record<string, string>>>;
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const locked = Object.entries(packages).filter(([path]) => path !== '');

/** Packages that run a program when they are installed, and why that is accepted. */
const allowedScripts: Readonly<Record<string, string>> = {
  esbuild: 'of vite and tsx, for tests only: it checks that the binary for this machine is there',
};

describe('dependencies', () => {
  it.each(['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'])('are pinned: %s', (kind) => {
    for (const [name, version] of Object.entries(manifest[kind] ?? {}))
      expect(version, name).toMatch(/^(?:npm:(?:@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/);
  });

  it('come from a registry, with a hash of what they are', () => {
    for (const [path, { resolved, integrity, link }] of locked) {
      expect(link, path).toBe(undefined);
      // Without an address, a package is taken from the registry of whoever installs, and the hash must fit.
      if (resolved !== undefined) expect(resolved, path).toMatch(/^https:\/\/registry\.npmjs\.org\//);
      expect(integrity, path).toMatch(/^sha512-/);
    }
  });

  it('run no program when they are installed, except those that are listed with the reason', () => {
    const running = locked.flatMap(([path, { hasInstallScript }]) =>
      hasInstallScript === true ? [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)] : [],
    );
    expect([...new Set(running)].sort()).toEqual(Object.keys(allowedScripts));
  });
});
