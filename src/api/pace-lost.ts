import { RunStoppedError } from '../errors.js';

/** Redis is gone, and nothing is sent without a permit; the run can go on once it is back. */
export function paceLost(name: string, cause?: unknown): RunStoppedError {
  return new RunStoppedError(`The pace that is shared on ${name} is lost: Redis does not answer as it should.`, {
    code: 'PACE_LOST',
    nextStep: 'See to Redis, or leave out --pace while no other machine uses this login.',
    cause,
  });
}
