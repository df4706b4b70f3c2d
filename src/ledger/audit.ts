import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { UsageError } from '#src/errors.js';
import type { Database } from '#src/sqlite/open-database.js';
import { version } from '#src/version.js';
import { isJsonObject, isText } from './damaged-ledger.js';

/** Something that was done to customers, or to what this machine knows of them. It never says who the customers are. */
export interface Deed {
  /** As it is typed: `import`. */
  readonly command: string;
  readonly what:
    | 'started'
    | 'ended'
    | 'refused'
    | 'decided'
    | 'linked'
    | 'forgotten'
    | 'exported'
    | 'pruned'
    | 'shown'
    | 'erased';
  readonly run?: string;
  readonly mode?: string;
  /** Of the input. */
  readonly sha256?: string;
  /** The plan that somebody has agreed to. */
  readonly plan?: string;
  /** What a person has said, e.g. `all-new`, or `absent: row 5`. */
  readonly said?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly exitCode?: number;
}

/** A deed as it is kept. */
export interface AuditEntry extends Deed {
  /** Counts up from 1 in each ledger. */
  readonly number: number;
  /** ISO time. */
  readonly at: string;
  /** Of the system. */
  readonly user: string;
  readonly host: string;
  /** Of this program. */
  readonly version: string;
  readonly account: { readonly baseUrl: string; readonly login: string };
  /** The `hash` of the entry before. */
  readonly previous: string;
  /** SHA-256 of this line without it. */
  readonly hash: string;
}

/** What is wrong with a line. */
export interface AuditFault {
  /** From 1, in the file or the ledger. */
  readonly line: number;
  readonly message: string;
}

/** What was done with a ledger, one line a deed; each line has the hash of the one before. */
export interface Audit {
  /** @throws UsageError when the line cannot be appended to the file that keeps a copy */
  add(deed: Deed): void;
  /** From now on, lines are also appended to this file. */
  copyTo(file: string): void;
  entries(): readonly AuditEntry[];
  /** Lines of this ledger that were changed, removed or put in; an empty list when there are none. */
  verify(): readonly AuditFault[];
  /** The same of a file that lines of this ledger and others were appended to. */
  verifyCopy(lines: readonly string[]): readonly AuditFault[];
}

const beforeFirst = '0'.repeat(64);

export function openAudit(
  database: Database,
  account: { readonly baseUrl: string; readonly login: string },
  now: () => number,
): Audit {
  const last = database.prepare('SELECT number, line FROM audit ORDER BY number DESC LIMIT 1');
  const insert = database.prepare('INSERT INTO audit (number, line) VALUES (?, ?)');
  const all = database.prepare('SELECT line FROM audit ORDER BY number');
  const counter = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'audit'");
  const readLines = () => all.all().map(({ line }) => String(line));
  let copy: string | undefined;

  function insertNext(deed: Deed): string {
    const before = last.get();
    const number = Number(before?.number ?? 0) + 1;
    const previous = parseEntry(String(before?.line ?? ''))?.hash ?? beforeFirst;
    const by = { user: readUser(), host: hostname(), version: version() };
    const { baseUrl, login } = account;
    const entry = { number, at: new Date(now()).toISOString(), ...by, account: { baseUrl, login }, ...deed, previous };
    const line = JSON.stringify({ ...entry, hash: hashEntry(entry) });
    insert.run(number, line);
    return line;
  }

  return {
    add(deed) {
      const line = database.transaction(() => insertNext(deed));
      if (copy !== undefined) append(copy, line);
    },
    copyTo(file) {
      copy = file;
    },
    entries: () => readLines().flatMap((line) => parseEntry(line) ?? []),
    verify() {
      const lines = readLines();
      const faults = checkChain(lines);
      const added = Number(counter.get()?.seq ?? 0);
      // The database counts by itself, so it shows when the last lines are gone.
      if (added > lines.length)
        faults.push({ line: lines.length + 1, message: `${added} lines were written, and ${lines.length} are left.` });
      return faults;
    },
    verifyCopy(lines) {
      const own = new Map(readLines().map((line) => [parseEntry(line)?.number, line]));
      const isOwn = (entry: AuditEntry) =>
        entry.account.baseUrl === account.baseUrl && entry.account.login === account.login;
      return lines
        .flatMap((line, place) => {
          const entry = parseEntry(line);
          const known = entry && isOwn(entry) ? own.get(entry.number) : undefined;
          if (known === undefined || known === line) return [];
          return [{ line: place + 1, message: 'The ledger has another line for this deed.' }];
        })
        .concat(checkChain(lines))
        .sort((a, b) => a.line - b.line);
    },
  };
}

/** Each account has a chain of its own; in a copy, it may begin at any deed. */
function checkChain(lines: readonly string[]): AuditFault[] {
  const before = new Map<string, AuditEntry>();
  return lines.flatMap((text, place) => {
    const line = place + 1;
    const entry = parseEntry(text);
    if (entry === undefined) return [{ line, message: 'This is no line of the audit.' }];
    const { hash, ...rest } = entry;
    const account = JSON.stringify([entry.account.baseUrl, entry.account.login]);
    const earlier = before.get(account);
    before.set(account, entry);
    if (JSON.stringify(entry) !== text || hashEntry(rest) !== hash) return [{ line, message: 'The line was changed.' }];
    const isNext = entry.number === 1 ? entry.previous === beforeFirst && earlier === undefined : earlier === undefined;
    if (isNext || (earlier?.hash === entry.previous && earlier.number + 1 === entry.number)) return [];
    return [{ line, message: 'The line before it was changed, removed or put in.' }];
  });
}

function hashEntry(entry: object): string {
  return createHash('sha256').update(JSON.stringify(entry)).digest('hex');
}

function parseEntry(line: string): AuditEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is AuditEntry {
  if (!isJsonObject(value) || !isJsonObject(value.account)) return false;
  const { at, user, host, version: by, command, what, previous, hash } = value;
  return (
    Number.isInteger(value.number) &&
    [at, user, host, by, command, what, previous, hash, value.account.baseUrl, value.account.login].every(isText)
  );
}

/** A container may have no name for its user. */
function readUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? '?'}`;
  }
}

/** Several processes may append: one write is one line. */
function append(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new UsageError(`The audit file ${file} cannot be written.`, {
      code: 'CANNOT_WRITE',
      nextStep: 'Give this user permission to write there, or name another file as "auditFile" of the profile or job.',
      cause,
    });
  }
}
