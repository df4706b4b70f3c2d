import type { SavedProfile } from '#src/app/init/profile.js';
import type { RunSummary } from '#src/app/run-summary.js';
import type { ExitCode } from '#src/errors.js';
import type { VerifiedLogin } from './obtain-login.js';

/** Where the first rows may go. */
export const pilots = ['account', 'sandbox', 'none'] as const;
export type Pilot = (typeof pilots)[number];

/** What was set up; the `--json` document. */
export interface InitResult {
  readonly command: 'init';
  readonly exitCode: ExitCode;
  /** `null` when only the sandbox was set up. */
  readonly profile: SavedProfile | null;
  readonly findings: VerifiedLogin['findings'];
  readonly mapping: { readonly file: string; readonly output: string; readonly isNew: boolean } | null;
  readonly pilot: RunSummary | null;
}
