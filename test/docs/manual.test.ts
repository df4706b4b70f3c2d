import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowStatuses } from '#pipelines/model.js';
import { resultColumns } from '#pipelines/own-columns.js';
import { renderErrorCodesPage } from '../../docs/generate/error-codes-page.js';

const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
const text = (name: string) => readFileSync(join('docs', name), 'utf8');

describe('the manual', () => {
  it('has a page of error codes that is what the table of codes says (else: npm run docs)', () => {
    expect(text('error-codes.md')).toBe(renderErrorCodesPage());
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
