import { object, optional, shape, type TypeOf } from './shape.js';

const percent = shape({ type: 'number', minimum: 0, maximum: 100 }, (node) => {
  const { value } = node;
  return typeof value === 'number' && value >= 0 && value <= 100
    ? value
    : node.report('GUARD_INVALID', 'Expected a percentage: a number from 0 to 100, without quotes');
});

const same = shape<'same'>({ enum: ['same'] }, (node) =>
  node.value === 'same' ? 'same' : node.report('GUARD_INVALID', 'The only choice here is "same"'),
);

const onOrOff = shape<boolean>({ type: 'boolean' }, (node) =>
  typeof node.value === 'boolean' ? node.value : node.report('GUARD_INVALID', 'Expected true or false, without quotes'),
);

/** What may make an import refuse to begin. The one description of it, for the mapping and for a profile. */
export const guards = object({
  fewerRowsPercent: optional(
    percent,
    'Refuse a file with fewer rows than the last one if the difference is more than this percentage.',
  ),
  newPercent: optional(
    percent,
    'Refuse when more than this percentage of the rows would add a customer. Not on the first import.',
  ),
  changedPercent: optional(percent, 'Refuse when more than this percentage of the rows would change their customer.'),
  deactivatedPercent: optional(
    percent,
    'Refuse when more than this percentage of the rows would delete a customer or make one inactive.',
  ),
  invalidPercent: optional(percent, 'Refuse when more than this percentage of the rows are invalid.'),
  absentPercent: optional(
    percent,
    'With "absent": refuse when more than this percentage of the known customers are in no row. Default for deactivate: 1.',
  ),
  header: optional(
    same,
    '"same": refuse a file whose columns are not those of the last one; their order does not matter.',
  ),
  keyDamage: optional(
    onOrOff,
    'Refuse a file in which more than 10 % of the rows have a damaged key, or repeat the key of another row with another name (and more than 5 do). On unless it is false.',
  ),
});

export type Guards = TypeOf<typeof guards>;
