import { loadCommands, runCli } from '#src/cli/run-cli.js';
import { pageName, storedWidths } from '#src/cli/stored-pages.js';

export interface HelpPage {
  /** Where it is stored, below the folder of all. */
  readonly name: string;
  readonly text: string;
}

/** Every page of help at every width that is stored, as yargs prints it. */
export async function makeHelpPages(): Promise<readonly HelpPage[]> {
  const commands = await loadCommands();
  const topics = [
    [],
    ...commands.flatMap(({ name, members = [] }) => [[name], ...members.map((member) => [name, member.name])]),
  ];
  const pages: HelpPage[] = [];
  for (const width of storedWidths)
    for (const words of topics) pages.push({ name: pageName(words, width), text: await printed(words, width) });
  return pages;
}

/** What yargs prints goes past every stream that it could be given. */
async function printed(words: readonly string[], width: number): Promise<string> {
  const { log } = console;
  const { columns } = process.stdout;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  process.stdout.columns = width;
  try {
    await runCli([...words, '--help']);
  } finally {
    console.log = log;
    process.stdout.columns = columns;
  }
  return `${lines.join('\n')}\n`;
}
