import { describe, expect, it } from 'vitest';
import { type AlertState, advanceAlertState, beginAlertState, type Outcome } from '#src/alerts/alert-state.js';

const hour = 3_600_000;
const failed = (reason: string, more: Partial<Outcome> = {}): Outcome => ({
  reason,
  text: `because of ${reason}`,
  ...more,
});
const done: Outcome = { reason: null, text: 'a.csv is done.', came: true };

/** Goes through moments, an hour apart, and gives the alert of each. */
function go(moments: readonly (readonly Outcome[])[], { silenceMs = Number.POSITIVE_INFINITY, isClear = true } = {}) {
  let state: AlertState = beginAlertState(0);
  return moments.map((outcomes, at) => {
    const advance = advanceAlertState(state, outcomes, { nowMs: at * hour, silenceMs, isClear });
    state = advance.state;
    return advance.alert?.kind;
  });
}

describe('an alert is sent', () => {
  it('once when something begins to fail, and once when it works again', () => {
    const moments = [[done], [failed('DISK')], [failed('DISK')], [], [done], [done]];
    expect(go(moments)).toEqual([undefined, 'failure', undefined, undefined, 'recovery', undefined]);
  });

  it('again when another reason is added, not when one of several goes away', () => {
    const moments = [[failed('DISK')], [failed('DISK'), failed('LOGIN')], [failed('LOGIN')], [failed('DISK')], [done]];
    expect(go(moments)).toEqual(['failure', 'failure', undefined, undefined, 'recovery']);
  });

  it('when what stood in the way is gone, also when nothing else has come', () => {
    const gone = [[failed('FOLDER', { isStanding: true })], []];
    expect(go(gone)).toEqual(['failure', 'recovery']);
    expect(go(gone, { isClear: false })).toEqual(['failure', undefined]);
  });

  it('never for what somebody has heard of, which is no recovery either', () => {
    const waits: Outcome = { reason: null, text: '', came: true, isNoNews: true };
    expect(go([[failed('waiting 1')], [waits], [failed('waiting 2')], [done]])).toEqual([
      'failure',
      undefined,
      'failure',
      'recovery',
    ]);
  });

  it('once when nothing has come for too long, and when something comes again', () => {
    const moments = [[done], [], [], [], [done], []];
    expect(go(moments, { silenceMs: 2 * hour })).toEqual([
      undefined,
      undefined,
      'silence',
      undefined,
      'recovery',
      undefined,
    ]);
  });

  it('for a first start that nothing comes to', () => {
    expect(go([[], [], []], { silenceMs: 2 * hour })).toEqual([undefined, undefined, 'silence']);
  });

  it('for a failure, but not for silence while that lasts', () => {
    const blocked = failed('FOLDER', { isStanding: true });
    expect(go([[blocked], [blocked], [blocked], []], { silenceMs: 2 * hour })).toEqual([
      'failure',
      undefined,
      undefined,
      'recovery',
    ]);
  });

  it('with no more than 20 of many failures', () => {
    const many = Array.from({ length: 25 }, (_, at) => failed(`CODE_${at}`));
    const { alert } = advanceAlertState(beginAlertState(0), many, { nowMs: 0, silenceMs: hour, isClear: true });
    expect(alert?.paragraphs).toHaveLength(21);
    expect(alert?.paragraphs.at(-1)).toBe('And 5 more; the log has them.');
  });
});
