import { basename, dirname, join } from 'node:path';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { UsageError } from '#src/errors.js';

const two = (part: number) => String(part).padStart(2, '0');
const month = (at: Date) => `${at.getFullYear()}-${two(at.getMonth() + 1)}`;

/** By the clock and time zone of this machine, as cron has them: people look for the file of "last night". */
const placeholders = {
  date: (at: Date) => `${month(at)}-${two(at.getDate())}`,
  month,
  time: (at: Date) => `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`,
} as const satisfies Readonly<Record<string, (at: Date) => string>>;

/**
 * The file that a job writes at a moment: `{date}`, `{month}` and `{time}` of its name filled in.
 *
 * @throws UsageError for a placeholder that there is not, or one in a folder's name: no folder is made here, since a
 *   missing one may be a share that is not mounted
 */
export function outputName(job: string, output: string, at: Date): string {
  const folder = dirname(output);
  if (/\{\w+\}/.test(folder))
    throw wrong(`The job ${job} has a placeholder in the folder of its output, ${output}.`, 'Write it into the name.');
  const name = basename(output).replaceAll(/\{(\w*)\}/g, (_, word: string) => {
    if (Object.hasOwn(placeholders, word)) return placeholders[word as keyof typeof placeholders](at);
    throw wrong(
      `The job ${job} has the output ${output}, and {${word}} is not known: ${offerNames(word, Object.keys(placeholders))}`,
      'Correct it; {date}, {month} and {time} stand for the moment.',
    );
  });
  return join(folder, name);
}

function wrong(message: string, nextStep: string): UsageError {
  return new UsageError(message, { code: 'CONFIG_FILE', nextStep });
}
