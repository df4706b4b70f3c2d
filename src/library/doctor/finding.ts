import { type ExitCode, exitCodes } from '#src/errors.js';

/** One thing that the doctor looked at. */
export interface DoctorFinding {
  /** Stable, for scripts. */
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, in a sentence or less. */
  readonly found: string;
  /** What to do about it; `null` when it is well. */
  readonly nextStep: string | null;
  /** What the command exits with when this is the first that failed. */
  readonly exitCode: ExitCode;
}

export function ok(name: string, found: string): DoctorFinding {
  return { name, status: 'ok', found, nextStep: null, exitCode: exitCodes.done };
}

export function warn(name: string, found: string, nextStep: string): DoctorFinding {
  return { name, status: 'warn', found, nextStep, exitCode: exitCodes.done };
}

export function fail(name: string, found: string, nextStep: string, exitCode: ExitCode): DoctorFinding {
  return { name, status: 'fail', found, nextStep, exitCode };
}
