import { resolve } from 'node:path';
import { importCustomers } from '#pipelines/import.js';
import { allowedTexts } from '#pipelines/mapping/allowed-texts.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { defaultResultPaths, type ResultPaths } from '#src/results/write-results.js';
import type { Connection } from './connect.js';
import type { Input } from './input.js';
import type { MappingFile } from './mapping-file.js';
import type { RunObserver } from './observer.js';
import { explainImport, type PreparedImport, prepareImport, type RowOptions } from './prepare-import.js';
import type { RunJob } from './run-job.js';

/** What a resumed import must know again; the ledger keeps it as JSON. */
export interface KeptImportOptions extends RowOptions {
  readonly paths: ResultPaths;
  /** The header, for the next import to compare with. */
  readonly columns: readonly string[];
  /** Name of the plan that may be sent, and nothing else. */
  readonly plan?: string;
  readonly failureLimit?: FailureLimit;
  /** The field that carries a row's key: what settling a doubt needs of the mapping. */
  readonly stamp?: string;
}

export type ImportJob = RunJob & { readonly prepared: PreparedImport };

/** Makes the job of an import: reads the input through, fits the mapping to it, and proves that results can be written. */
export async function importJob(
  settings: Settings,
  kept: KeptImportOptions,
  mappingFile: MappingFile,
  input: Input,
  observer: RunObserver,
): Promise<ImportJob> {
  const prepared = await prepareImport(settings, kept, mappingFile, input, observer);
  for (const path of Object.values(kept.paths)) await assertUsable(path, input);
  const { source, rows, mapper, validate, judge, findings, options } = prepared;
  return {
    ...{ prepared, source, rows },
    ...(findings === undefined ? {} : { findings }),
    paths: kept.paths,
    allowed: allowedTexts(mappingFile.mapping),
    ...(kept.first === undefined ? {} : { first: kept.first }),
    ...(mapper.stamp === undefined ? {} : { stamp: mapper.stamp }),
    ...(kept.verify ? { verify: mapper } : {}),
    work: async ({ connection, ...ports }) => {
      const mirror = await prepared.mirror(connection);
      const record = kept.plan === undefined ? undefined : connection.ledger.plans.find(kept.plan);
      if (kept.plan !== undefined && record === undefined) throw planGone(kept.plan);
      const plan = record === undefined ? {} : { plan: connection.ledger.plans.agreed(record) };
      const all = {
        ...{ source, mapper, validate, now: Date.now },
        ...(judge === undefined ? {} : { judge }),
        ...ports,
        ...plan,
        ...(mirror === undefined ? {} : { mirror }),
      };
      await importCustomers(all, options).catch((error: unknown) => {
        throw explainImport(error);
      });
    },
  };
}

/** Keeps what the job has learned of its input, so that a later process need not read it whole to go on with the run. */
export function keepLook({ ledger }: Connection, run: RunRecord, { prepared }: ImportJob): void {
  if (prepared.look !== undefined) ledger.inputLooks.keep(run.number, prepared.look);
}

function planGone(name: string): UsageError {
  return new UsageError(`Plan ${name} is not kept any more.`, {
    code: 'PLAN_UNKNOWN',
    nextStep: 'Plans are kept for 30 days. Make a new one: mypos-customers plan <file>',
  });
}

/** Results and rejects, where the user wants them or beside the input. */
export function resultPathsFor(
  input: Pick<Input, 'file' | 'path'>,
  wanted: { readonly results?: string; readonly rejects?: string; readonly report?: string },
): ResultPaths {
  const beside = defaultResultPaths(input.file === '-' ? resolve('stdin.csv') : input.path);
  return {
    results: wanted.results === undefined ? beside.results : resolve(wanted.results),
    rejects: wanted.rejects === undefined ? beside.rejects : resolve(wanted.rejects),
    ...(wanted.report === undefined ? {} : { report: resolve(wanted.report) }),
  };
}

async function assertUsable(path: string, input: Input): Promise<void> {
  if (path === input.path)
    throw new UsageError(`${path} is the input itself.`, {
      code: 'WOULD_OVERWRITE_INPUT',
      nextStep: 'Choose another name with --results or --rejects.',
    });
  await assertWritable(path);
}
