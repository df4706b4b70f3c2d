import { RunStoppedError } from '#src/errors.js';

/** Redis is gone, and nothing is sent without a permit; the run can go on once it is back. */
export function paceLost(name: string, cause?: unknown): RunStoppedError {
  return lost(`The pace that is shared on ${name} is lost: Redis does not answer as it should.`, cause);
}

/** Redis did not let us in from the start; what it says, or the network, tells a person more than we can. */
export function paceRefused(name: string, cause: Error): RunStoppedError {
  const why = cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
  return lost(`The pace that is shared on ${name} cannot be had: ${why}.`.replace(/\.\.$/, '.'), cause);
}

function lost(message: string, cause: unknown): RunStoppedError {
  return new RunStoppedError(message, {
    code: 'PACE_LOST',
    nextStep: 'See to Redis, or leave out --pace while no other machine uses this login.',
    cause,
  });
}
