import { describe, expect, it } from 'vitest';
import { reconcile } from '#pipelines/import/reconcile.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow, RunLedger, Settlement } from '#pipelines/ports.js';
import { RunControl } from '#pipelines/run-control.js';

const now = Date.parse('2026-03-01T12:00:00Z');

/** Reconciles one add in doubt against an account that lists these customers as edited since. */
async function reconcileOne(row: Partial<LedgerRow>, listed: readonly Customer[], settleMs = 10_000) {
  const settled: Settlement[] = [];
  const waits: number[] = [];
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
    codesCreatedSince: () => [],
    isKnownCode: () => false,
    hasCustomers: () => true,
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
      now: () => now,
      sleep: async (delayMs) => void waits.push(delayMs),
      clockDifferenceMs: () => 0,
    },
    { run: '20261124-031522-7f3a', settleMs, assumeAbsent: false },
  );
  return { outcome: settled[0]?.outcome, waits };
}

const ann = { customerId: 'id-7', customerCode: '0000007', customerName: 'Ann Lee' };
const other = {
  customerId: 'id-8',
  customerCode: '0000008',
  customerName: 'Bob',
  creationDateUTC: '2020-01-01T00:00:00',
};

describe('an add in doubt', () => {
  it.each(['2020-01-01T00:00:00.000', '2020-01-01T00:00:00.000Z', '2020-01-01T10:00:00.000+10:00'])(
    'is not taken for a look-alike that was created long before, at %s',
    async (creationDateUTC) => {
      const { outcome } = await reconcileOne({}, [{ ...ann, creationDateUTC }, other]);
      expect(outcome).toMatchObject({ status: 'failed', errorCode: 'PROVED_ABSENT' });
    },
  );

  it.each(['2026-03-01T11:59:59.000', '2026-03-01T11:59:59.000Z'])(
    'is the customer that was created just then, at %s',
    async (creationDateUTC) => {
      const { outcome } = await reconcileOne({}, [{ ...ann, creationDateUTC }, other]);
      expect(outcome).toMatchObject({ status: 'created', customerCode: '0000007' });
    },
  );
});

describe('a customer that cannot be found yet', () => {
  it('has the whole time to appear when a killed process left the row: its request may have left just then', async () => {
    const { waits } = await reconcileOne({ intentAtMs: now - 5_000 }, [other]);
    expect(waits).toEqual([10_000]);
  });

  it('has had it when the answer was given up long ago, or the process was killed yesterday', async () => {
    expect((await reconcileOne({ state: 'in_doubt', doubtAtMs: now - 11_000 }, [other])).waits).toEqual([]);
    expect((await reconcileOne({ intentAtMs: now - 86_400_000 }, [other])).waits).toEqual([]);
  });
});
