import type { ExitCode } from '#src/errors.js';
import type { KeptProfile } from '#src/library/init/keep-profile.js';
import type { RunSummary } from '#src/library/run-summary.js';
import type { ProvedLogin } from './give-login.js';

/** Where the first rows may go. */
export const pilots = ['account', 'sandbox', 'none'] as const;
export type Pilot = (typeof pilots)[number];

/** What was set up; the `--json` document. */
export interface SetUp {
  readonly command: 'init';
  readonly exitCode: ExitCode;
  /** `null` when only the sandbox was set up. */
  readonly profile: KeptProfile | null;
  readonly findings: ProvedLogin['findings'];
  readonly mapping: { readonly file: string; readonly output: string; readonly isNew: boolean } | null;
  readonly pilot: RunSummary | null;
}
