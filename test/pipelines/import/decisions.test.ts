import { describe, expect, it } from 'vitest';
import { applyDecision, decisionBasis, decisionSubject } from '#pipelines/import/decisions.js';
import type { Customer } from '#pipelines/model.js';
import type { DecisionWord } from '#pipelines/ports.js';
import { useClients } from '#test/api/open-clients.js';

const { newLedger } = useClients();

const ann = { customerName: 'Ann Lee', emailAddress: 'ann@example.com', phoneNumber: '0491 570 156' };
const row = { key: '0001', draft: ann };
const account = new Map<string, Customer>([
  ['C1', { customerCode: 'C1', customerName: 'Ann Lee', emailAddress: 'ann@example.com', phoneNumber: null }],
  ['C2', { customerCode: 'C2', customerName: 'A. Lee', emailAddress: 'ann@example.com', phoneNumber: null }],
]);
const candidates = ['C1', 'C2'].map((customerCode) => ({ customerCode, evidence: ['same e-mail address'] }));

function decide(decisions: Readonly<Record<string, DecisionWord>>, subject = decisionSubject(row)) {
  const { decisions: store } = newLedger();
  store.save(
    Object.entries(decisions).map(([customerCode, decision]) => ({
      ...{ subject, customerCode, decision, decidedAtMs: Date.UTC(2026, 10, 30), run: 'R1' },
      rowBasis: decisionBasis(row.draft),
      customerBasis: decisionBasis(account.get(customerCode) ?? {}),
    })),
  );
  return store;
}

interface Asked {
  readonly key?: string;
  readonly draft?: Customer;
  readonly of?: ReadonlyMap<string, Customer>;
}

function apply(store: ReturnType<typeof decide>, { key, draft = ann, of = account }: Asked = { key: row.key }) {
  return applyDecision({ key, draft }, candidates, store, (code) => of.get(code));
}

describe('a decision about a row and its candidates', () => {
  it('holds for the same key: same, new, or left out with its reason', () => {
    expect(apply(decide({ C2: 'same' }))).toEqual({ kind: 'same', customerCode: 'C2' });
    expect(apply(decide({ C1: 'new', C2: 'new' }))).toEqual({ kind: 'new' });
    expect(apply(decide({ C1: 'skip', C2: 'skip' }))).toMatchObject({
      kind: 'skip',
      reason: {
        code: 'DECIDED_SKIP',
        message: expect.stringContaining('decided on 2026-11-30 in the review of run R1'),
      },
    });
  });

  it('asks only about candidates that nobody has decided about', () => {
    expect(apply(decide({}))).toEqual({ kind: 'undecided', candidates });
    expect(apply(decide({ C1: 'new' }))).toEqual({ kind: 'undecided', candidates: [candidates[1]] });
  });

  it('holds however name, e-mail address and phone are written', () => {
    const draft = { customerName: ' ANN  LEE', emailAddress: 'Ann <Ann@Example.com>', phoneNumber: '+61 491 570 156' };
    expect(apply(decide({ C1: 'same' }), { key: row.key, draft })).toMatchObject({ kind: 'same' });
  });

  it.each([
    ['customerName', 'Bea Lee'],
    ['emailAddress', 'bea@example.com'],
    ['phoneNumber', '0491 570 157'],
  ])('does not hold after the %s of either side has changed', (field, value) => {
    const store = decide({ C1: 'same' });
    expect(apply(store, { key: row.key, draft: { ...ann, [field]: value } })).toMatchObject({ kind: 'undecided' });
    const of = new Map([...account, ['C1', { ...account.get('C1'), [field]: value }]] as [string, Customer][]);
    expect(apply(store, { key: row.key, of })).toMatchObject({ kind: 'undecided' });
  });

  it('still holds when a field of the customer is only now known, or others have changed', () => {
    const { phoneNumber: _, ...partly } = account.get('C1') ?? {};
    const of = new Map<string, Customer>([['C1', { ...partly, notes: 'Edited.' }]]);
    expect(apply(decide({ C1: 'same' }), { key: row.key, of })).toMatchObject({ kind: 'same' });
  });

  it('is about the content of a row without a key, whatever its case, blanks and empty fields', () => {
    const subject = decisionSubject({ key: undefined, draft: ann });
    const draft = { customerName: 'ANN LEE', emailAddress: 'ann@example.com ', phoneNumber: '0491570156', notes: '' };
    expect(apply(decide({ C1: 'same' }, subject), { draft })).toMatchObject({ kind: 'same' });
    expect(apply(decide({ C1: 'same' }, subject))).toMatchObject({ kind: 'undecided' });
  });

  it('replaces an earlier one: a row is one customer at most', () => {
    const store = decide({ C1: 'same' });
    store.save([
      {
        ...{ subject: decisionSubject(row), customerCode: 'C2', decision: 'same', decidedAtMs: 0 },
        rowBasis: decisionBasis(row.draft),
      },
    ]);
    expect(apply(store)).toEqual({ kind: 'same', customerCode: 'C2' });
    store.forget(decisionSubject(row));
    expect(apply(store)).toMatchObject({ kind: 'undecided' });
  });
});
