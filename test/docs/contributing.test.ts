import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingOptionDeclarations } from '#src/config/settings.js';
import { faultNames } from '#src/sandbox/fault.js';
import { renderArchitecturePage } from '../../docs/generate/architecture-drawing.js';

describe('the pages for contributors', () => {
  it('draw the imports as they are (else: npm run docs)', () => {
    expect(readFileSync('docs/architecture.md', 'utf8')).toBe(renderArchitecturePage());
  });

  it.each(['CONTRIBUTING.md', 'docs/architecture.md'])('name only files and folders that exist: %s', (page) => {
    const named = [
      ...readFileSync(page, 'utf8').matchAll(/`((?:pipelines|src|test|docs|schemas|bench|\.ci)\/[\w./-]*)`/g),
    ];
    const paths = [...new Set(named.map(([, path = '']) => path))];
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it.each(['CONTRIBUTING.md', 'SECURITY.md'])('have no dead link: %s', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#:\s]+)\)/g)].map(([, path = '']) => path);
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('list every setting that the command line can give in the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    const missing = settingOptionDeclarations.filter(({ option }) => !readme.includes(`\`--${option}\``));
    expect(missing.map(({ option }) => option)).toEqual([]);
  });

  it('list every fault of the sandbox in its README', () => {
    const readme = readFileSync('src/sandbox/README.md', 'utf8');
    expect(faultNames.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('name only commands of package.json', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/npm run ([\w:]+)/g)].map(
      ([, name = '']) => name,
    );
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
