import { InputError } from '#src/errors.js';

interface InputFailure {
  readonly code: string;
  /** The file as its owner named it. */
  readonly file: string;
  readonly line?: number;
  /** What is wrong, as the rest of a sentence that begins with the place. */
  readonly fact: string;
  readonly nextStep: string;
  readonly cause?: unknown;
}

/** An {@link InputError} whose message begins with the place: file, then line. */
export function inputFailure({ code, file, line, fact, nextStep, cause }: InputFailure): InputError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new InputError(`${place}: ${fact}`, { code, nextStep, cause });
}
