import { reached } from '#pipelines/milestones.js';
import { type ArchiveWish, carryOut, planArchive } from '#src/inbox/archive.js';
import type { Product } from '#src/inbox/claim-record.js';
import type { Claim } from '#src/inbox/hold-claim.js';
import type { Shelf } from '#src/inbox/layout.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { tenantOf } from '#src/library/connect.js';
import { defaultResultPaths } from '#src/results/write-results.js';
import type { Verdict } from './import-claim.js';
import type { SetUp, SweepJob } from './sweep-jobs.js';
import type { FileReason } from './sweep-summary.js';

type Places = Readonly<Partial<Record<Product, string>>>;

/** Moves an imported file and what belongs to it to where the job wants it, and tells the ledger. */
export async function putAway(
  claim: Claim,
  folder: string,
  verdict: Pick<Verdict, 'reason' | 'products'> & { readonly outcome: Shelf },
  { job }: SweepJob,
  setUp: SetUp,
): Promise<Places> {
  const { outcome, reason, products } = verdict;
  const wish: ArchiveWish = {
    folder,
    shelf: outcome,
    products,
    ...(outcome === 'done' || reason === null ? {} : { note: noteOf(outcome, reason) }),
    ...(job.results === undefined ? {} : { resultsFolder: job.results }),
    ...(job.rejects === undefined ? {} : { rejectsFolder: job.rejects }),
  };
  reached('before-archive');
  await planArchive(claim, wish);
  return carryOutAndTell(claim, setUp);
}

/** Goes on where a plan was written down, perhaps by an earlier process. */
export async function carryOutAndTell(claim: Claim, setUp: SetUp): Promise<Places> {
  const places = await carryOut(claim);
  tellLedger(claim, setUp, places);
  reached('after-archive');
  return places;
}

const endings = { failed: '.error.txt', duplicate: '.note.txt' } as const;

function noteOf(
  shelf: keyof typeof endings,
  { code, message, nextStep }: FileReason,
): NonNullable<ArchiveWish['note']> {
  const text = [`${message} [${code}]`, ...(nextStep === null ? [] : [nextStep]), new Date().toISOString()];
  return { ending: endings[shelf], text: `${text.join('\n')}\n` };
}

/** A run reads its input again when it is resumed, reconciled or shown, so it must know where that went. */
function tellLedger(claim: Claim, { settings }: SetUp, places: Places): void {
  const { input, results, rejects } = places;
  const ledger = openLedger(settings.stateDir.value, tenantOf(settings));
  try {
    const run = ledger.runs.readFrom(claim.path);
    if (run === undefined || input === undefined) return;
    const beside = defaultResultPaths(input);
    ledger.runs.moveFiles(run.number, {
      input,
      files: { ...(results === undefined ? {} : { results }), ...(rejects === undefined ? {} : { rejects }) },
      options: {
        ...run.options,
        paths: { results: results ?? beside.results, rejects: rejects ?? beside.rejects },
      },
    });
  } finally {
    ledger.close();
  }
}
