import type { Alert } from './alert.js';

/** Something that came to its end, or stands in the way, as far as alerts are concerned. */
export interface Outcome {
  /** Why it failed; `null` when all is well. A reason that was alerted is not alerted again until all is well. */
  readonly reason: string | null;
  /** One paragraph for people: what happened, and what to do. */
  readonly text: string;
  /** It lasts until it is gone, such as a folder that is not mounted; other failures are over only when something succeeds. */
  readonly isStanding?: boolean;
  /** It is no failure and no success either, such as rows that wait for a decision of which somebody has heard. */
  readonly isNoNews?: boolean;
  /** A file came, or an export was done. */
  readonly came?: boolean;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What is known of a subject between two of its alerts. */
export interface AlertState {
  /** Reasons of the failures that were alerted since all was well; none while it is. */
  readonly reasons: readonly string[];
  /** Since when it fails. */
  readonly failingSinceMs?: number;
  readonly isStanding?: boolean;
  /** When something came last, or when the subject was first seen. */
  readonly cameMs: number;
  /** It was alerted that nothing came. */
  readonly isSilent?: boolean;
}

/** The state of a subject that is seen for the first time. */
export function beginAlertState(nowMs: number): AlertState {
  return { reasons: [], cameMs: nowMs };
}

/** What else decides about an alert. */
export interface Circumstances {
  readonly nowMs: number;
  /** After how long without anything that came there is an alert; `Infinity` for never. */
  readonly silenceMs: number;
  /** Somebody has looked, and nothing stands in the way now but what the outcomes say. */
  readonly isClear: boolean;
}

/** What changes with some outcomes: the next state, and what somebody should hear about the change. */
export interface Advance {
  readonly state: AlertState;
  readonly alert?: Pick<Alert, 'kind' | 'paragraphs' | 'facts'>;
}

const maxParagraphs = 20;
const hourMs = 3_600_000;

/**
 * Advances the state of a subject. There is an alert only when the state changes: it begins to fail, or fails for another
 * reason; it works again; nothing has come for too long.
 *
 * @param outcomes - all since the last call; none when there was nothing to do
 */
export function advanceAlertState(
  before: AlertState,
  outcomes: readonly Outcome[],
  circumstances: Circumstances,
): Advance {
  const { nowMs, silenceMs, isClear } = circumstances;
  const failures = outcomes.filter(({ reason }) => reason !== null);
  const hasCome = outcomes.some(({ came }) => came === true);
  const { isSilent: wasSilent = false, ...rest } = before;
  const kept: AlertState = { ...rest, cameMs: hasCome ? nowMs : before.cameMs };
  const isSilent = wasSilent && !hasCome;
  const withSilence = (state: AlertState): AlertState => (isSilent ? { ...state, isSilent } : state);
  if (failures.length > 0) return fail(withSilence(kept), failures, nowMs);
  if (before.reasons.length > 0) {
    const hasSucceeded = outcomes.some(({ isNoNews }) => isNoNews !== true);
    const isOver = hasSucceeded || (isClear && before.isStanding === true);
    if (!isOver) return { state: withSilence(kept) };
    const state = withSilence({ reasons: [], cameMs: kept.cameMs });
    const since = new Date(before.failingSinceMs ?? nowMs).toISOString();
    return { state, alert: recover(`It had failed since ${since}.`, outcomes) };
  }
  if (wasSilent && hasCome)
    return {
      state: kept,
      alert: recover(`Nothing had come since ${new Date(before.cameMs).toISOString()}.`, outcomes),
    };
  if (wasSilent || hasCome || nowMs - before.cameMs < silenceMs) return { state: withSilence(kept) };
  return { state: { ...kept, isSilent: true }, alert: describeSilence(before.cameMs, nowMs) };
}

function fail(state: AlertState, failures: readonly Outcome[], nowMs: number): Advance {
  const reasons = [...new Set([...state.reasons, ...failures.map(({ reason }) => reason ?? '')])];
  const next: AlertState = {
    ...state,
    reasons,
    failingSinceMs: state.failingSinceMs ?? nowMs,
    isStanding: failures.every(({ isStanding }) => isStanding === true),
  };
  if (reasons.length === state.reasons.length) return { state: next };
  const texts = failures.map(({ text }) => text);
  const more = texts.length - maxParagraphs;
  return {
    state: next,
    alert: {
      kind: 'failure',
      paragraphs: [...texts.slice(0, maxParagraphs), ...(more > 0 ? [`And ${more} more; the log has them.`] : [])],
      facts: failures.at(0)?.facts ?? {},
    },
  };
}

function recover(since: string, outcomes: readonly Outcome[]): NonNullable<Advance['alert']> {
  const texts = outcomes.map(({ text }) => text).filter((text) => text !== '');
  return {
    kind: 'recovery',
    paragraphs: [since, ...texts.slice(0, maxParagraphs)],
    facts: outcomes.at(0)?.facts ?? {},
  };
}

function describeSilence(cameMs: number, nowMs: number): NonNullable<Advance['alert']> {
  const hours = Math.floor((nowMs - cameMs) / hourMs);
  return {
    kind: 'silence',
    paragraphs: [
      `Nothing has come for ${hours === 1 ? '1 hour' : `${hours} hours`}, since ${new Date(cameMs).toISOString()}.`,
      'Check whether the program that should deliver it is running. If it comes less often than this, set "silenceHours" of the job.',
    ],
    facts: { since: new Date(cameMs).toISOString() },
  };
}
