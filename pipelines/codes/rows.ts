import type { CodeTable } from './code-table.js';

const reconcile = '`mypos-customers reconcile`. Never add the row by hand before.';
const nothing = 'Nothing.';

/** What is said of single rows: who the row is about, what became of it. */
export const rowCodes = {
  ALREADY_CREATED: {
    meaning: 'This customer was created before.',
    nextStep:
      'Nothing, if the row is the same customer. To change the customer, import with --mode update or upsert; to make a second one, give the row another key, or add --force where there is no key.',
  },
  ALREADY_GONE: { meaning: 'There is no such customer: nothing to delete.', nextStep: nothing },
  CANNOT_BRING_BACK: {
    meaning: 'The customer was deleted, and the API cannot bring it back.',
    nextStep: 'Import the customer again; it gets a new code.',
  },
  CHECK_ONLY: { meaning: 'Valid; not sent, because this was a check.', nextStep: 'Import the file.' },
  CODE_IN_ADD: {
    meaning: 'The row names a customer that exists, so an add would make a second one.',
    nextStep: 'Import the row with --mode update, or empty its customerCode if it is a new customer.',
  },
  CODE_MISSING: { meaning: 'The row names no customer.', nextStep: 'Fill in customerCode, or remove the row.' },
  CODE_REPEATED: {
    meaning: 'Another row has the same code and different values.',
    nextStep:
      'Remove one of the rows, or correct its code. If all should be sent, one after the other: --repeats in-order.',
  },
  CUSTOMER_UNKNOWN: {
    meaning: 'There is no such customer to update or delete.',
    nextStep: 'Add the customer with --mode add or upsert, or correct the key or customerCode of the row.',
  },
  IGNORED: {
    meaning: 'Left out: the command of the row is IGNORE.',
    nextStep: 'Nothing, if that was meant; else give the row another command.',
  },
  IN_DOUBT_ELSEWHERE: {
    meaning: 'The customer was sent by an earlier run, and it is not known whether it was created.',
    nextStep: reconcile,
  },
  KEY_REPEATED: {
    meaning: 'Another row has the same key and different values.',
    nextStep:
      'Remove one of the rows, or correct its key. If all should be sent, one after the other: --repeats in-order.',
  },
  MATCH_AMBIGUOUS: {
    meaning: 'Several customers match the row.',
    nextStep:
      'Give the row the customerCode of the right one (map a column to it), or make the customers differ at MYPOS Connect.',
  },
  MATCH_BLANK: {
    meaning: 'The fields that customers are matched by are blank.',
    nextStep: 'Fill in these fields, or give the row a customerCode.',
  },
  MATCH_REPEATED: {
    meaning: 'Another row matches the same customer and has different values.',
    nextStep:
      'Remove one of the rows, or give each a customerCode. If all should be sent, one after the other: --repeats in-order.',
  },
  MATCH_TAKEN: {
    meaning: 'The row matches a customer that stands for another key already.',
    nextStep:
      'Correct the key, or the fields that customers are matched by. `mypos-customers crosswalk export` shows which key stands for whom.',
  },
  NOT_IN_PILOT: {
    meaning: 'Not part of this pilot (--first).',
    nextStep: 'Import the file again without --first; what the pilot created is known.',
  },
  NOT_REACHED: {
    meaning: 'Not sent: the run ended before this row.',
    nextStep: '`mypos-customers resume <run>`',
  },
  NOT_VERIFIED: {
    meaning: 'Written, but the customer could not be read back to compare.',
    nextStep: 'Look at the customer with `mypos-customers get <code>`.',
  },
  SAME_AS_ROW: {
    meaning: 'The row has exactly the same values as an earlier one.',
    nextStep: 'Nothing: the customer is in the other row.',
  },
  SERVER_CHANGED: {
    meaning: 'The API holds a value other than the one that was sent.',
    nextStep:
      'Compare with `mypos-customers get <code>`. If the API writes it its own way, write it so in the file, or leave --verify out.',
  },
  SERVER_TRUNCATED: {
    meaning: 'The API cut a value that was sent.',
    nextStep: 'Shorten the value in the file, or with "truncate" in the mapping, so that you choose where it is cut.',
  },
} as const satisfies CodeTable;
