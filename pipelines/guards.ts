/** What may make an import refuse to begin; every one is a percentage but the last. */
export const guardRules = {
  fewerRowsPercent: 'Refuse a file that has fewer rows than the last one, by more than this percentage.',
  newPercent: 'Refuse when more than this percentage of the rows would add a customer. Not on the first import.',
  changedPercent: 'Refuse when more than this percentage of the rows would change their customer.',
  deactivatedPercent: 'Refuse when more than this percentage of the rows would delete a customer or make one inactive.',
  invalidPercent: 'Refuse when more than this percentage of the rows are invalid.',
  header: '"same": refuse a file whose columns are not those of the last one; their order does not matter.',
} as const;

export type GuardName = keyof typeof guardRules;

export interface Guards {
  readonly fewerRowsPercent?: number;
  readonly newPercent?: number;
  readonly changedPercent?: number;
  readonly deactivatedPercent?: number;
  readonly invalidPercent?: number;
  readonly header?: 'same';
}

export const guardNames = Object.keys(guardRules) as readonly GuardName[];

/** What is wrong with the value of a guard; `undefined` when nothing is. */
export function validateGuard(name: GuardName, value: unknown): string | undefined {
  if (name === 'header') return value === 'same' ? undefined : 'The only choice here is "same"';
  const isPercentage = typeof value === 'number' && value >= 0 && value <= 100;
  return isPercentage ? undefined : 'Expected a percentage: a number from 0 to 100, without quotes';
}
