import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJob, importJobs, readJobs } from '#src/config/jobs.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-jobs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function configure(jobs: unknown): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify({ jobs }));
  return path;
}

describe('the jobs of the configuration file', () => {
  it('keep their order, and their paths are relative to the file', () => {
    const path = configure({
      nightly: { files: 'customers-*.csv', mapping: 'a.json', results: '/srv/out', onFailure: ['mail', 'me'] },
      others: { kind: 'import', folder: 'drop', quietSeconds: 0.5, maxRows: 10 },
    });
    expect(readJobs(path)).toEqual([
      {
        ...{ kind: 'import', name: 'nightly', files: ['customers-*.csv'], mapping: join(folder, 'a.json') },
        ...{ results: '/srv/out', onFailure: ['mail', 'me'] },
      },
      { kind: 'import', name: 'others', folder: join(folder, 'drop'), quietSeconds: 0.5, maxRows: 10 },
    ]);
  });

  it('may be exports, whose file is relative to the file as well', () => {
    const path = configure({ out: { kind: 'export', output: 'out/{date}.csv', fields: 'all', force: true } });
    const output = join(folder, 'out/{date}.csv');
    expect(readJobs(path)).toEqual([{ kind: 'export', name: 'out', output, fields: ['all'], force: true }]);
    expect(importJobs(path)).toEqual([]);
  });

  it('are none without a file', () => {
    expect(readJobs(undefined)).toEqual([]);
  });

  it.each([
    ['an unknown key', { a: { maping: 'x' } }, 'jobs.a.maping', 'mapping'],
    ['an unknown kind', { a: { kind: 'imprt' } }, 'jobs.a.kind', 'import'],
    ['a mode that is none', { a: { mode: 'merge' } }, 'jobs.a.mode', 'use one of "add", "update", "upsert"'],
    ['a number that is none', { a: { maxRows: 1.5 } }, 'jobs.a.maxRows', 'whole number of 1 or more'],
    ['an empty list', { a: { files: [] } }, 'jobs.a.files', 'The list is empty'],
    ['a flag that is none', { a: { verify: 'yes' } }, 'jobs.a.verify', 'true or false'],
    ['a job that is none', { a: [] }, 'jobs.a', '{ … }'],
    ['two webhooks', { a: { webhook: 'https://x', webhookFile: 'y' } }, 'jobs.a.webhookFile', 'one of them'],
    ['an export without a file', { a: { kind: 'export' } }, 'jobs.a', '"output" is missing'],
    ['a key of imports', { a: { kind: 'export', output: 'x.csv', folder: 'x' } }, 'jobs.a.folder', 'output'],
    [
      'two choices of columns',
      { a: { kind: 'export', output: 'x.csv', fields: 'all', mapping: 'm' } },
      'fields',
      'Keep',
    ],
    ['a secret', { a: { password: 'x' } }, 'jobs.a.password', 'name of a file'],
  ])('are refused for %s, naming the place and what would do', (_name, jobs, place, offer) => {
    const path = configure(jobs);
    const read = () => readJobs(path);
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_FILE', exitCode: 2 }));
    expect(read).toThrow(place);
    const text = (() => {
      try {
        return read();
      } catch (error) {
        const { message, nextStep } = error as { message: string; nextStep: string };
        return `${message} ${nextStep}`;
      }
    })();
    expect(text).toContain(offer);
  });

  it('are found by name, with the nearest one offered', () => {
    const path = configure({ nightly: {} });
    expect(findJob(path, 'nightly')).toEqual({ kind: 'import', name: 'nightly' });
    expect(() => findJob(path, 'nightyl')).toThrow('nightly');
    expect(() => findJob(configure({}), 'nightly')).toThrow('has no jobs');
  });
});
