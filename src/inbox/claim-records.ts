import { mkdirSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSystemCode } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { onlyThisUser } from '#src/files/file-rights.js';
import { type Destination, folderNames } from './folder-layout.js';

/**
 * What is known of a claim. It is kept in the state folder, which only this user can write to: whoever may write to the drop
 * folder could otherwise say which files are moved, and where to.
 */
export interface ClaimRecord {
  readonly version: 1;
  /** The id of the drop folder that the file was in. */
  readonly inbox: string;
  /** Name of the dropped file. */
  readonly file: string;
  /** Name of its done-file, which is claimed with it. */
  readonly doneFile?: string;
  readonly job: string;
  /** Identity of the file when it was claimed. If it changes later, its writer had not finished. */
  readonly identity: string;
  readonly firstSeenMs: number;
  /** How many processes have worked on it. */
  readonly attempts: number;
  /** Under which names its files are archived, once that is decided. */
  readonly plan?: ArchivePlan;
}

/** What a file of a claim is. */
export type Product = 'input' | 'results' | 'rejects' | 'review' | 'other';

/** The names of a claim's files in the archive. They are recorded before the first one is moved, so that a crash cannot change them. */
export interface ArchivePlan {
  readonly destination: Destination;
  /** When it was decided, which is also the month in `done/`. Epoch milliseconds. */
  readonly atMs: number;
  readonly moves: readonly Move[];
}

/** The move of one file into the archive. The folder follows from the product and the job. */
export interface Move {
  readonly product: Product;
  /** Name among the files of the claim. */
  readonly from: string;
  /** Name in the archive. */
  readonly to: string;
}

/** The records of the claims of an instance, by the claim's id. */
export interface ClaimRecords {
  /** What belongs to a claim besides its record begins with this path. */
  path(id: string): string;
  read(id: string): Promise<ClaimRecord | undefined>;
  /** Replaces a record; readers see either the old one or the new one. */
  write(id: string, record: ClaimRecord): Promise<void>;
  remove(id: string): Promise<void>;
  /** The ids, oldest first. */
  list(): Promise<readonly string[]>;
}

const extension = '.json';

/** Opens the records in a state folder. */
export function openClaimRecords(stateFolder: string): ClaimRecords {
  const folder = join(stateFolder, 'inbox', 'claims');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = (id: string) => join(folder, id);
  const recordPath = (id: string) => `${path(id)}${extension}`;
  return {
    path,
    async read(id) {
      try {
        const record: unknown = JSON.parse(await readFile(recordPath(id), 'utf8'));
        return isClaimRecord(record) ? record : undefined;
      } catch (error) {
        if (error instanceof SyntaxError || readSystemCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(id, record) {
      const file = await beginAtomicFile(recordPath(id), onlyThisUser);
      try {
        await file.handle.writeFile(`${JSON.stringify(record)}\n`);
        await file.commit();
      } finally {
        await file.discard();
      }
    },
    remove: (id) => rm(recordPath(id), { force: true }),
    async list() {
      const names = (await readdir(folder)).filter((name) => name.endsWith(extension) && !name.startsWith('.'));
      return names.map((name) => name.slice(0, -extension.length)).sort();
    },
  };
}

function isClaimRecord(value: unknown): value is ClaimRecord {
  if (!isObject(value)) return false;
  const { version, inbox, file, doneFile, job, identity, firstSeenMs, attempts, plan } = value;
  return (
    version === 1 &&
    [inbox, job, identity].every((text) => typeof text === 'string') &&
    isPlainName(file) &&
    (doneFile === undefined || isPlainName(doneFile)) &&
    [firstSeenMs, attempts].every(Number.isFinite) &&
    (plan === undefined || isArchivePlan(plan))
  );
}

function isArchivePlan(value: unknown): value is ArchivePlan {
  if (!isObject(value)) return false;
  const { destination, atMs, moves } = value;
  return (
    typeof destination === 'string' &&
    destination !== 'processing' &&
    Object.hasOwn(folderNames, destination) &&
    Number.isFinite(atMs) &&
    Array.isArray(moves) &&
    moves.every(
      (move: unknown) => isObject(move) && isProduct(move.product) && isPlainName(move.from) && isPlainName(move.to),
    )
  );
}

const products: Readonly<Record<Product, true>> = {
  input: true,
  results: true,
  rejects: true,
  review: true,
  other: true,
};

function isProduct(value: unknown): value is Product {
  return typeof value === 'string' && Object.hasOwn(products, value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** A name in a folder, which cannot lead out of it. */
function isPlainName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== '.' && value !== '..' && !/[/\\\0]/.test(value);
}
