import { describe, expect, it } from 'vitest';
import { rowStatuses } from '#pipelines/model.js';
import type { ProgressNow } from '#src/app/run-summary.js';
import {
  createSpeedMeter,
  formatDuration,
  renderDetailLine,
  renderHeadLine,
  renderPlainLine,
} from '#src/cli/progress.js';

const none = Object.fromEntries(rowStatuses.map((status) => [status, 0])) as ProgressNow['counts'];
const plain = (_: string, text: string) => text;

function at(now: Partial<ProgressNow>): ProgressNow {
  return { done: 0, total: 1000, counts: none, requests: 0, ratePerSecond: 5, pausedUntilMs: 0, ...now };
}

/** Reads a meter every second; `rows` and `requests` are what one second brings. */
function measured(seconds: number, each: { rows: number; requests: number }, rest: Partial<ProgressNow> = {}) {
  let clock = 0;
  const meter = createSpeedMeter(() => clock);
  let reading = meter(at(rest));
  for (let second = 1; second <= seconds; second += 1) {
    clock = second * 1000;
    reading = meter(at({ ...rest, done: second * each.rows, requests: second * each.requests }));
  }
  return { reading, meter, clock: () => clock, tick: (ms: number) => (clock += ms) };
}

describe('the time left', () => {
  it('is known from the allowed rate before anything was measured', () => {
    expect(measured(0, { rows: 0, requests: 0 }).reading.secondsLeft).toBe(200);
  });

  it('is unknown at first without a rate', () => {
    expect(measured(0, { rows: 0, requests: 0 }, { ratePerSecond: Number.POSITIVE_INFINITY }).reading.secondsLeft).toBe(
      undefined,
    );
  });

  it('follows what is measured when the API is slower than the allowed rate', () => {
    expect(measured(20, { rows: 2, requests: 2 }).reading.secondsLeft).toBe(480);
  });

  it('knows that rows need several requests', () => {
    const { reading } = measured(20, { rows: 2.5, requests: 5 });
    expect(reading.secondsLeft).toBe((1000 - 50) / 2.5);
  });

  it('is not fooled by a burst of rows that the rate limit does not allow', () => {
    let clock = 0;
    const meter = createSpeedMeter(() => clock);
    meter(at({}));
    clock = 3000;
    const { secondsLeft } = meter(at({ done: 30, requests: 60 }));
    expect(secondsLeft).toBe((1000 - 30) / 2.5);
  });

  it('includes a pause that the API asked for, and then goes on with the rate of before', () => {
    const { meter, clock, tick } = measured(20, { rows: 5, requests: 5 });
    tick(10_000);
    const { secondsLeft, requestsPerSecond } = meter(at({ done: 100, requests: 100, pausedUntilMs: clock() + 30_000 }));
    expect(secondsLeft).toBe(30 + 900 / 5);
    expect(requestsPerSecond).toBe(0);
  });

  it.each([
    [3.4, '3 s'],
    [59, '59 s'],
    [95, '1 min 30 s'],
    [1000, '17 min'],
    [7250, '2 h 1 min'],
  ])('of %d seconds reads %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('the progress on a terminal', () => {
  const state = at({
    done: 412,
    counts: { ...none, created: 400, updated: 3, invalid: 9 },
    requests: 406,
    pausedUntilMs: 0,
  });
  const view = { state, pace: { requestsPerSecond: 4.94, secondsLeft: 118 }, nowMs: 0 };

  it('shows rows, share and time left beside a bar', () => {
    expect(renderHeadLine(view, 80, plain)).toBe(
      '████████████░░░░░░░░░░░░░░░░░░ 412 of 1,000 rows, 41%, 1 min 50 s left',
    );
  });

  it('shows the rate against the allowed one, then trouble, then what went well', () => {
    expect(renderDetailLine(view, 80, plain)).toBe('4.9 of 5 requests/s · 9 invalid · 400 created · 3 updated');
  });

  it('says until when everybody waits because of a 429', () => {
    const until = new Date(2026, 10, 24, 14, 3, 20).getTime();
    const waiting = { ...view, state: { ...state, pausedUntilMs: until }, nowMs: until - 5000 };
    expect(renderHeadLine(waiting, 120, plain)).toContain('waiting until 14:03:20 (the API asked for it)');
  });

  it('says "finishing" when all rows are through', () => {
    expect(renderHeadLine({ ...view, state: { ...state, done: 1000 } }, 80, plain)).toContain('100%, finishing');
  });

  it.each([1, 8, 20, 30, 40, 50, 60, 70, 80, 100, 120])('never exceeds a window of %d columns', (width) => {
    expect(renderHeadLine(view, width, plain).length).toBeLessThanOrEqual(Math.max(1, width));
    expect(renderDetailLine(view, width, plain).length).toBeLessThanOrEqual(Math.max(1, width));
  });

  it('colours only what somebody must look at', () => {
    const paint = (colour: string, text: string) => `<${colour}>${text}</${colour}>`;
    expect(renderDetailLine(view, 80, paint)).toBe(
      '4.9 of 5 requests/s · <red>9 invalid</red> · 400 created · 3 updated',
    );
  });

  it('is one line elsewhere', () => {
    expect(renderPlainLine(view)).toBe(
      '412 of 1000 rows, 9 invalid, 400 created, 3 updated, 4.9 of 5 requests/s, 1 min 50 s left',
    );
  });
});
