import { describe, expect, it } from 'vitest';
import { requireNameForAdd } from '../../src/validation/require-name-for-add.js';

describe('requireNameForAdd', () => {
  it.each([{ customerName: 'Koala' }, { firstName: 'Ann' }, { lastName: '李', customerName: null }])(
    'accepts %j',
    (draft) => {
      expect(requireNameForAdd(draft)).toEqual([]);
    },
  );

  it.each([{}, { firstName: ' ', lastName: null }, { emailAddress: 'a@x.example' }])('refuses %j', (draft) => {
    expect(requireNameForAdd(draft)).toMatchObject([{ code: 'NAME_MISSING', field: 'customerName' }]);
  });
});
