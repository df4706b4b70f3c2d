import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowStatuses } from '#pipelines/model.js';
import { resultColumns } from '#src/results/write-results.js';
import { collectCodes } from '../../docs/generate/collect-codes.js';
import { renderErrorCodesPage } from '../../docs/generate/error-codes-page.js';
import { remedies } from '../../docs/generate/remedies.js';

const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
const text = (name: string) => readFileSync(join('docs', name), 'utf8');

describe('the manual', () => {
  it('has a page of error codes that is what the sources say (else: npm run docs)', () => {
    expect(text('error-codes.md')).toBe(renderErrorCodesPage());
  });

  it('finds the codes where they are', () => {
    const codes = collectCodes();
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.find(({ code }) => code === 'PLAIN_HTTP')).toEqual({
      code: 'PLAIN_HTTP',
      error: 'UsageError',
      message: '… (…) would send the login unencrypted.',
      nextStep: 'Use https:. Plain http: is for servers on this machine only.',
    });
  });

  it('says what every code means, and what to do about it', () => {
    const rows = text('error-codes.md').match(/^\| `[A-Z_]+`.*$/gm) ?? [];
    expect(rows.length).toBe(collectCodes().length);
    expect(rows.filter((row) => /\|\s*\|/.test(row))).toEqual([]);
  });

  it('has a remedy for no code that the sources do not know, or that brings its own', () => {
    const needed = collectCodes().filter(({ message, nextStep }) => message === undefined || nextStep === undefined);
    const names = needed.map(({ code }) => code);
    expect(Object.keys(remedies).filter((code) => !names.includes(code))).toEqual([]);
  });

  it.each(rowStatuses)('explains the status %s', (status) => {
    expect(text('result-statuses.md')).toMatch(new RegExp(`^\\| \`${status}\` +\\|`, 'm'));
  });

  it.each(resultColumns)('explains the column %s', (column) => {
    expect(text('result-statuses.md')).toContain(`\`${column}\``);
  });

  it('lists every page in its index', () => {
    const listed = [...text('README.md').matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name);
    expect(pages.filter((name) => name !== 'README.md' && !listed.includes(name))).toEqual([]);
  });

  it.each(pages)('has no dead link in %s', (name) => {
    const links = [...text(name).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => String(to));
    expect(links.filter((to) => !existsSync(join('docs', dirname(name), to)))).toEqual([]);
  });
});
