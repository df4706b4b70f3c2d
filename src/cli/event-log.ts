import { appendFileSync } from 'node:fs';
import { UsageError } from '#src/errors.js';
import type { Log, LogEntry } from '#src/library/sweep/sweep-log.js';
import type { Reporter } from './reporter.js';

export const logFormats = ['text', 'json'] as const;

export interface LogChoice {
  readonly format: (typeof logFormats)[number];
  /** @default standard error */
  readonly file: string | undefined;
}

/**
 * Logs events, a line each: to standard error, or to a file; then standard error has the errors only, which is what
 * cron should send by mail.
 *
 * @throws UsageError when the file cannot be written
 */
export function createEventLog(choice: LogChoice, reporter: Reporter): Log {
  if (choice.file !== undefined) append(choice.file, '');
  return (entry) => {
    const line = choice.format === 'json' ? jsonLine(entry, new Date()) : textLine(entry, new Date());
    const isKept = choice.file !== undefined && isAppended(choice.file, `${line}\n`);
    if (!isKept || entry.level === 'error') show(entry, choice, line, reporter);
  };
}

function show(entry: LogEntry, choice: LogChoice, line: string, reporter: Reporter): void {
  if (choice.format === 'json' && choice.file === undefined)
    if (entry.level === 'error') reporter.trouble(line);
    else reporter.remark(line);
  else if (entry.level === 'error') reporter.trouble(`Error: ${entry.message}`);
  else if (entry.level === 'warn') reporter.warn(entry.message);
  else reporter.remark(entry.message);
}

function jsonLine({ level, event, message, facts }: LogEntry, now: Date): string {
  return JSON.stringify({ time: now.toISOString(), level, event, message, ...facts });
}

function textLine({ level, event, message }: LogEntry, now: Date): string {
  // An error of several lines stays one entry.
  return `${now.toISOString()} ${level.padEnd(5)} ${event}: ${message.replaceAll('\n', ' | ')}`;
}

/** What the file cannot take goes where errors go: a full disk of logs is no reason to leave customers' files alone. */
function isAppended(path: string, text: string): boolean {
  try {
    append(path, text);
    return true;
  } catch {
    return false;
  }
}

/** Opened anew for every line: whoever rotates logs can move the file away at any time. */
function append(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new UsageError(`The log file ${path} cannot be written (${why}).`, {
      code: 'CANNOT_WRITE',
      nextStep: 'Choose a folder that exists and that this user may write to.',
      cause,
    });
  }
}
