import { copyFileSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cellRules } from '#pipelines/quality/cell-rules.js';
import { readingOptions } from '#pipelines/reading-options.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const page = readFileSync('docs/reading-files.md', 'utf8');
const commands = [...page.matchAll(/```sh\n(.*?)\n```/gs)].map(([, command = '']) => command);

describe('the page about reading files', () => {
  it.each(commands)('has a command that works: %s', async (command) => {
    copyFileSync('fixtures/customers.csv', place.path('customers.csv'));
    copyFileSync('mappings.example.json', place.path('mappings.json'));
    const [words = '', input] = command.split(' < ');
    const stdin = input === undefined ? '' : place.read(input);
    const { exitCode, stdout, stderr } = await place.run(words.split(' ').slice(1), { stdin });
    // Some rows of the sample are bad on purpose.
    expect([exitCode, stdout]).toEqual([4, expect.stringContaining(' invalid')]);
    const line = 'CSV, utf-8, delimiter ",", line ends LF, header in row 1; 40 rows';
    expect([page, stderr]).toEqual([expect.stringContaining(line), expect.stringContaining(line)]);
  });

  it('names every kind of damage, and every hint of the mapping', () => {
    const ofColumns = [
      ...['POST_CODES_TOO_SHORT', 'PHONES_WITHOUT_ZERO', 'AMBIGUOUS_DATES', 'MIXED_DATE_ORDER'],
      'CURRENCIES_MIXED',
    ];
    const damages = cellRules.filter(({ isNotice }) => isNotice !== true);
    const notices = cellRules.filter(({ isNotice }) => isNotice === true);
    const named = new Set([...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code));
    expect(named).toEqual(new Set([...damages.map(({ code }) => code), ...ofColumns, 'LOOKS_TRUNCATED']));
    for (const { code } of notices) expect(page).toContain(`\`${code}\``);
    for (const hint of Object.keys(readingOptions)) expect(page).toContain(`\`${hint}\``);
  });
});
