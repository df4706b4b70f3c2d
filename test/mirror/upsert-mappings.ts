const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: { column: 'Email', transform: ['email'] },
  creditLimit: { column: 'Limit', type: 'number' },
};

/** Tells customers by a key that they carry. */
export const stamped = { version: 1, mode: 'upsert', key: { column: 'No', stamp: 'cC_001' }, fields };

/** Tells the same customers by their e-mail address. */
export const matched = { version: 1, mode: 'upsert', match: ['emailAddress'], fields, ignore: ['No'] };
