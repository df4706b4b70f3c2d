import { describe, expect, it } from 'vitest';
import { reconcile } from '#pipelines/import/reconcile.js';
import type { WholeReading, Witness } from '#pipelines/listing/whole-reading.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow, RunLedger, Settlement } from '#pipelines/ports.js';
import { RunControl } from '#pipelines/run-control.js';

const now = Date.parse('2026-03-01T12:00:00Z');

/** What the ledger knows of the account besides. */
interface Account {
  readonly witnesses?: readonly Witness[];
  readonly reading?: WholeReading;
  readonly patienceMs?: number;
}

/** Reconciles one add in doubt against an account that lists these customers as edited since. */
async function reconcileOne(
  row: Partial<LedgerRow>,
  listed: readonly Customer[],
  { witnesses = [], reading, patienceMs = 20 * 60_000 }: Account = {},
) {
  const settled: Settlement[] = [];
  const waits: number[] = [];
  let clockMs = now;
  let kept = reading;
  const doubtful: LedgerRow = {
    index: 0,
    number: 2,
    state: 'intent',
    intentAtMs: now - 5_000,
    payload: { customerName: 'Ann Lee' },
    ...row,
  };
  const ledger = {
    rowsInDoubt: () => [doubtful],
    witnessesSince: () => witnesses,
    isKnownCode: () => false,
    wholeReading: () => kept,
    saveWholeReading: (saved: WholeReading) => {
      kept = saved;
    },
    settle: async (rows: readonly Settlement[]) => void settled.push(...rows),
  } as unknown as RunLedger;
  const api = {
    list: async ({ page }: { page: number }) => ({ customers: page === 1 ? listed : [], total: listed.length }),
    get: async () => ({ kind: 'absent' }),
  } as unknown as CustomersApi;
  await reconcile(
    {
      api,
      ledger,
      control: new RunControl(),
      now: () => clockMs,
      sleep: async (delayMs) => {
        waits.push(delayMs);
        clockMs += delayMs;
      },
      clockDifferenceMs: () => 0,
    },
    { run: '20261124-031522-7f3a', settleMs: 0, patienceMs, absent: new Set() },
  );
  return { outcome: settled[0]?.outcome, waits, kept };
}

const ann = { customerId: 'id-7', customerCode: '0000007', customerName: 'Ann Lee' };
/** Somebody who is there for long and was edited a second ago. */
const other = {
  customerId: 'id-8',
  customerCode: '0000008',
  customerName: 'Bob',
  creationDateUTC: '2020-01-01T00:00:00',
  lastEditDateUTC: '2026-03-01T11:59:59',
};
/** The same, edited an hour before. */
const quiet = { ...other, lastEditDateUTC: '2026-03-01T11:00:00' };
const timeout = { status: 'in_doubt', errorCode: 'TIMEOUT', message: '', attempts: 1 } as const;
const minutes = 60_000;
const hours = 60 * minutes;

describe('an add in doubt', () => {
  it.each(['2020-01-01T00:00:00.000', '2020-01-01T00:00:00.000Z', '2020-01-01T10:00:00.000+10:00'])(
    'is not taken for a look-alike that was created long before, at %s',
    async (creationDateUTC) => {
      const { outcome } = await reconcileOne({}, [{ ...ann, creationDateUTC }, other]);
      expect(outcome).toMatchObject({ status: 'failed', errorCode: 'PROVED_ABSENT' });
    },
  );

  it.each([
    '2026-03-01T11:59:59.000',
    '2026-03-01T11:59:59.000Z',
    '2026-03-01T11:49:59.000',
    '2026-03-01T21:59:59.000',
  ])('is the customer that was created just then, at %s by the clock of the database', async (creationDateUTC) => {
    const { outcome, waits } = await reconcileOne({}, [{ ...ann, creationDateUTC }, other]);
    expect([outcome, waits]).toMatchObject([{ status: 'created', customerCode: '0000007' }, []]);
  });

  it.each([
    ['its name cut', { customerName: 'Ann L', emailAddress: 'ann@x.com' }, 'created'],
    ['its name replaced', { customerName: 'Customer', emailAddress: 'ann@x.com' }, 'in_doubt'],
    ['its e-mail address dropped', { customerName: 'Ann Lee' }, 'in_doubt'],
    ['its name and address dropped', { phoneNumber: '+61 491 570 156' }, 'in_doubt'],
  ] as const)('is not sent again where the server made a customer with %s', async (_, made, status) => {
    const payload = { customerName: 'Ann Lee', emailAddress: 'ann@x.com', phoneNumber: '0491570156' };
    const { outcome } = await reconcileOne({ payload }, [
      { customerId: 'id-7', customerCode: '0000007', ...made },
      other,
    ]);
    expect(outcome?.status).toBe(status);
  });
});

describe('a customer that cannot be found', () => {
  it('is looked for twice when a killed process left the row: its request may have left just then', async () => {
    const { outcome, waits } = await reconcileOne({}, [other]);
    expect([outcome?.status, waits]).toEqual(['failed', [10_000]]);
  });

  it.each([
    ['a timeout', timeout],
    ['a gateway that gave up', { ...timeout, errorCode: 'HTTP_504', httpStatus: 504 }],
    ['an answer that cannot be read', { ...timeout, errorCode: 'UNREADABLE_ANSWER', httpStatus: 202 }],
  ])('counts as never made 15 minutes after %s', async (_, outcome) => {
    const row = { state: 'in_doubt', doubtAtMs: now - minutes, intentAtMs: now - 2 * minutes, outcome } as const;
    const end = await reconcileOne(row, [other]);
    expect([end.outcome?.status, end.waits]).toEqual(['failed', [14 * minutes]]);
    const hurried = await reconcileOne(row, [other], { patienceMs: minutes });
    expect([hurried.outcome, hurried.waits]).toMatchObject([
      { status: 'in_doubt', errorCode: outcome.errorCode, message: expect.stringContaining('2026-03-01T12:14:00') },
      [],
    ]);
  });

  it('needs no wait when the answer was given up long ago', async () => {
    const reset = { ...timeout, errorCode: 'ECONNRESET' };
    const row = { state: 'in_doubt', doubtAtMs: now - 11_000, intentAtMs: now - 12_000, outcome: reset } as const;
    expect(await reconcileOne(row, [other])).toMatchObject({ outcome: { status: 'failed' }, waits: [] });
  });
});

describe('a list that shows nobody who came or was edited since', () => {
  const row = {
    state: 'in_doubt',
    doubtAtMs: now - 20 * minutes,
    intentAtMs: now - 20 * minutes,
    outcome: timeout,
  } as const;

  it('is no proof: it may be behind', async () => {
    expect((await reconcileOne(row, [quiet])).outcome).toMatchObject({ status: 'in_doubt', errorCode: 'TIMEOUT' });
  });

  it('is proof when it shows whom the program itself made since', async () => {
    const witnesses = [{ customerCode: '0000008', intentAtMs: now - 19 * minutes }];
    expect((await reconcileOne(row, [quiet], { witnesses })).outcome?.status).toBe('failed');
  });

  it('is no proof when it lacks one of those, whatever else it shows', async () => {
    const witnesses = [{ customerCode: '0000009', intentAtMs: now - 19 * minutes }];
    // The customer is asked for by code, and exists no more: then it is no witness either.
    expect((await reconcileOne(row, [quiet], { witnesses })).outcome?.status).toBe('in_doubt');
  });

  it('is proof after a day, when another reading an hour before showed as many', async () => {
    const yesterday = { ...row, doubtAtMs: now - 25 * hours, intentAtMs: now - 25 * hours };
    const old = { ...quiet, lastEditDateUTC: '2026-01-01T00:00:00' };
    const first = await reconcileOne(yesterday, [old]);
    expect([first.outcome?.status, first.kept]).toEqual(['in_doubt', { atMs: now, customers: 1 }]);
    for (const [reading, status] of [
      [{ atMs: now - 2 * hours, customers: 1 }, 'failed'],
      [{ atMs: now - 2 * hours, customers: 2 }, 'in_doubt'],
      [{ atMs: now - 10 * minutes, customers: 1 }, 'in_doubt'],
      [{ atMs: now - 26 * hours, customers: 1 }, 'in_doubt'],
    ] as const)
      expect((await reconcileOne(yesterday, [old], { reading })).outcome?.status, JSON.stringify(reading)).toBe(status);
  });
});
