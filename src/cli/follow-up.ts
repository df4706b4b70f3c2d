/** Options that say whose customers a command is about, and who else sends to them: what follows needs the same ones. */
const settingNames = ['sandbox', 'profile', 'config', 'base-url', 'state-dir', 'ca-file', 'pace'] as const;
const switches: ReadonlySet<string> = new Set([
  ...['sandbox', 'dry-run', 'force', 'json', 'quiet', 'verbose', 'yes', 'verify', 'strict', 'columns'],
  ...['lenient-quotes', 'skip-hidden', 'even-changed', 'assume-absent'],
]);

interface GivenOption {
  readonly name: string;
  /** As they stood on the command line. */
  readonly words: readonly string[];
}

/** A command line apart: options with their values, and the words between them. */
function takeApart(argv: readonly string[]): readonly (GivenOption | string)[] {
  const parts: (GivenOption | string)[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name === undefined) {
      parts.push(word);
      continue;
    }
    const next = argv[at + 1];
    const takesNext = !word.includes('=') && !switches.has(name) && next !== undefined && !/^-./.test(next);
    parts.push({ name, words: takesNext ? [word, next] : [word] });
    if (takesNext) at += 1;
  }
  return parts;
}

/**
 * The same command line for another file.
 *
 * @param without - options that are not to be repeated
 */
export function sameCommand(argv: readonly string[], file: string, without: readonly string[]): string {
  const [command = '', ...rest] = takeApart(argv);
  const options = rest.filter((part): part is GivenOption => typeof part !== 'string' && !without.includes(part.name));
  return line([String(command), file, ...options.flatMap(({ words }) => words)]);
}

/**
 * Adds the settings of this command line to the commands about a run or plan that a text names, so that they can be typed as they
 * stand.
 */
export function withSettings(text: string, argv: readonly string[]): string {
  const words = settingWords(argv);
  if (words.length === 0) return text;
  const commands = /mypos-customers (?:(?:resume|reconcile|undo|runs show) \d{8}-\d{6}-[0-9a-f]{4}|import --plan \S+)/g;
  return text.replaceAll(commands, (command) => `${command} ${words.map(quoted).join(' ')}`);
}

function settingWords(argv: readonly string[]): readonly string[] {
  const given = takeApart(argv).filter((part): part is GivenOption => typeof part !== 'string');
  return given.filter(({ name }) => (settingNames as readonly string[]).includes(name)).flatMap(({ words }) => words);
}

function line(words: readonly string[]): string {
  return ['mypos-customers', ...words.map(quoted)].join(' ');
}

/** As shells and people read it. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) return word;
  return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}
