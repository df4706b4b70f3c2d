import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandNames, loadCommands } from '#src/cli/run-cli.js';
import { describeCommands, describeOutputOptions, renderCommandsPage } from '../../docs/generate/commands-page.js';

const commands = describeCommands();

/** One line for each word that a script can type: a change to any of them shows in the snapshot. */
function frozen(options: (typeof commands)[number]['options']): string[] {
  return options.map(({ name, kind, choices, default: usual, required, hidden }) =>
    [
      `--${name}`,
      kind,
      ...(choices === undefined ? [] : [choices.join('|')]),
      ...(usual === undefined ? [] : [`= ${String(usual)}`]),
      ...(required ? ['required'] : []),
      ...(hidden ? ['without effect'] : []),
    ].join(' '),
  );
}

describe('the command line', () => {
  it('knows each command by its own name', async () => {
    expect((await loadCommands()).map(({ name }) => name)).toEqual(commandNames);
    for (const name of commandNames) expect(await loadCommands(name)).toMatchObject([{ name }]);
  });

  it('keeps its output options', () => {
    expect(frozen(describeOutputOptions())).toMatchSnapshot();
  });

  it.each(commands)('keeps the words of $name', ({ command, positionals, options }) => {
    expect({ command, positionals: frozen(positionals), options: frozen(options) }).toMatchSnapshot();
  });

  it.each(commands)('explains every option of $name', ({ describe: what, positionals, options }) => {
    expect(what).not.toMatch(/\.$|^$/);
    const silent = [...positionals, ...options].filter((option) => !option.hidden && option.describe === '');
    expect(silent).toEqual([]);
  });

  it.each(commands.filter(({ name }) => name !== 'login' && name !== 'doctor'))(
    'has an example of $name',
    ({ examples }) => {
      expect(examples.length).toBeGreaterThan(0);
    },
  );

  it('is what the page of commands says (else: npm run docs)', () => {
    expect(readFileSync('docs/commands.md', 'utf8')).toBe(renderCommandsPage());
  });
});
