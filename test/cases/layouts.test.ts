import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MappingJson } from '#pipelines/mapping/suggest/suggestion.js';
import { suggestMappingFor } from '#src/app/mapping/suggest-mapping.js';
import {
  type LayoutAnswer,
  type LayoutScore,
  renderScores,
  scoreLayout,
} from '#test/pipelines/mapping/suggest/score-layout.js';

const folder = mkdtempSync(join(tmpdir(), 'layouts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface FileAnswer extends Omit<LayoutAnswer, 'columns'> {
  readonly fields: LayoutAnswer['columns'];
}

const answers = Object.entries(
  JSON.parse(readFileSync('fixtures/cases/layouts/answers.json', 'utf8')) as Record<string, FileAnswer>,
);

const mappings = new Map<string, MappingJson>();
const scores = new Map<string, LayoutScore>();

/** What `mapping suggest --yes` proposes for a file. */
async function suggest(path: string): Promise<MappingJson> {
  const options = { file: path, output: join(folder, 'mapping.json'), force: true, choices: {} };
  return (await suggestMappingFor(options)).mapping;
}

beforeAll(async () => {
  for (const [file, { fields, ...answer }] of answers) {
    const mapping = await suggest(`fixtures/cases/layouts/${file}`);
    mappings.set(file, mapping);
    scores.set(file, scoreLayout({ ...answer, columns: fields }, mapping));
  }
  if (process.env.SHOW_SCORES) process.stdout.write(renderScores(scores));
});

describe('mapping suggest for the exports of other programs', () => {
  it.each(answers.map(([file]) => file))('gives no column of %s a field that is not its own', (file) => {
    expect(scores.get(file)?.wrong).toEqual([]);
  });

  it('misses at most five columns in all', () => {
    const missed = [...scores].flatMap(([file, score]) => score.missed.map((column) => `${file}: ${column}`));
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(5);
  });

  it('splits the whole name of a person, and takes it from no other field', () => {
    const { firstName, lastName } = mappings.get('qbo.csv')?.fields ?? {};
    expect(firstName).toEqual({ column: 'Name', transform: [{ namePart: { part: 'first' } }] });
    expect(lastName).toEqual({ column: 'Name', transform: [{ namePart: { part: 'last' } }] });
  });

  it('turns round what says the opposite', () => {
    expect(mappings.get('myob.txt')?.fields.active).toMatchObject({ true: ['N'], false: ['Y'] });
    expect(mappings.get('vend.csv')?.fields.allowMailing).toMatchObject({ true: ['0'], false: ['1'] });
  });

  it('takes the first of several numbers, and the mobile phone where there is no other', () => {
    expect(mappings.get('google.csv')?.fields.phoneNumber).toMatchObject({
      transform: [{ split: { separator: ' ::: ', index: 0 } }],
    });
    const columns = ['Business Phone', 'Mobile Phone'];
    expect(mappings.get('outlook.csv')?.fields.phoneNumber).toEqual({ columns, take: 'first' });
  });
});
