import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mappingRemarkCodes } from '#pipelines/mapping/lint/mapping-remark.js';
import { useWorkplace } from './use-workplace.js';

const page = readFileSync('docs/mapping-commands.md', 'utf8');
const place = useWorkplace();

/** Files that the page shows, by their name. */
const files = [...page.matchAll(/```(?:csv|json) ([\w.-]+)\n(.*?)```/gs)].map(
  ([, name = '', content = '']) => [name, content] as const,
);

/** The commands of the page, in its order. */
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.trim().split('\n'));

describe('the page about the mapping commands', () => {
  it('shows commands that all work, in its order', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(7);
    for (const [name, content] of files) place.write(name, content);
    for (const command of commands) {
      const [program, ...args] = command.split(' ');
      expect(program).toBe('mypos-customers');
      const { exitCode, stderr } = await place.run([...args, '--state-dir', 'state']);
      expect({ command, exitCode, stderr }).toMatchObject({ command, exitCode: 0 });
    }
    expect(place.files()).toContain('empty.xlsx');
  });

  it.each(Object.entries(mappingRemarkCodes))('lists %s', (code, meaning) => {
    expect(page.replaceAll(/ +/g, ' ')).toContain(`| \`${code}\` | ${meaning} |`);
  });

  it.each(['output', 'force', 'custom-columns', 'date-order', 'decimal', 'yes', 'live', 'write-schema', 'columns'])(
    'explains --%s',
    (option) => {
      expect(page).toContain(`--${option}`);
    },
  );
});
