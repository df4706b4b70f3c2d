import type { CodeTable } from './code-table.js';

const reconcile = '`mypos-customers reconcile`. Do not add the row by hand before that.';
const nothing = 'Nothing.';

/** Codes about single rows: which customer a row is about, and its result. */
export const rowCodes = {
  ABSENCE_NOT_PROVED: {
    meaning:
      'The row was sent and not answered. Nobody like it is in the account, which proves nothing yet: the server may act late, or the list may be behind.',
    nextStep:
      'The next import, or `mypos-customers resume <run>`, looks again. When you have checked: `mypos-customers reconcile <run> --absent <row>`.',
  },
  ABSENT_UNSURE: {
    meaning: 'Rows have no usable key, so it is not known who is missing from the file, and nobody was made inactive.',
    nextStep: 'Correct the keys of these rows, and import the file again.',
  },
  ACTIVE_IGNORED: {
    meaning: 'The API accepted an update of "active" and left the customer active.',
    nextStep: 'Set "absent": "report" in the mapping, and make these customers inactive at MYPOS Connect.',
  },
  ALREADY_CREATED: {
    meaning: 'This customer was created before.',
    nextStep:
      'Nothing, if the row is the same customer. To change the customer, import with --mode update or upsert; to create a second one, give the row another key, or add --force if there is no key.',
  },
  PERSON_BARRED: {
    meaning: 'What was held of this customer was erased, and it is to be left out.',
    nextStep: 'Remove the row from the file.',
  },
  PERSON_ERASED: {
    meaning: 'What the customer was like before the run has been erased, so it cannot be put back.',
    nextStep: nothing,
  },
  ALREADY_GONE: { meaning: 'There is no such customer, so there is nothing to delete.', nextStep: nothing },
  ALREADY_THERE: {
    meaning:
      'The account has this customer already. Nothing was sent, and the key of the row stands for it from now on.',
    nextStep: 'Nothing. To change the customer, import with --mode upsert.',
  },
  ASSUMED_ABSENT: {
    meaning: 'The row was in doubt, and you confirmed with --absent or --assume-absent that it did not arrive.',
    nextStep: '`mypos-customers resume <run>` sends it.',
  },
  CANNOT_BRING_BACK: {
    meaning: 'The customer was deleted, and the API cannot restore it.',
    nextStep: 'Import the customer again; it gets a new code.',
  },
  CHANGED_SINCE: {
    meaning: 'Somebody has changed the customer since the run, so the undo left it unchanged.',
    nextStep: 'Check the customer. To undo it anyway: `mypos-customers undo <run> --even-changed`',
  },
  CHECK_ONLY: { meaning: 'Valid; not sent, because this was a check.', nextStep: 'Import the file.' },
  CODE_IN_ADD: {
    meaning: 'The row names an existing customer, so adding it would create a duplicate.',
    nextStep: 'Import the row with --mode update, or empty its customerCode if it is a new customer.',
  },
  CODE_MISSING: { meaning: 'The row names no customer.', nextStep: 'Fill in customerCode, or remove the row.' },
  CODE_REPEATED: {
    meaning: 'Another row has the same code and different values.',
    nextStep:
      'Remove one of the rows, or correct its code. To send all of them one after the other, add --repeats in-order.',
  },
  CUSTOMER_UNKNOWN: {
    meaning: 'There is no such customer to update or delete.',
    nextStep: 'Add the customer with --mode add or upsert, or correct the key or customerCode of the row.',
  },
  FIELD_CONFLICT: {
    meaning: 'The file and the account have both changed the field since it was last sent.',
    nextStep:
      'Nothing, if "conflict" in the mapping says file or account. With "ask": decide in the review file, and import that.',
  },
  FIELD_KEPT: {
    meaning: 'The field of the account was not overwritten, because it is not known what was sent before.',
    nextStep:
      'Nothing, if the account is right. Otherwise correct the customer, or import once with "write": "always" for the field.',
  },
  STAMP_KEPT: {
    meaning:
      'The key was not stored in the field that the mapping names as "stamp", because that field holds something else.',
    nextStep:
      'Choose a field that nothing else uses, or empty it in this customer. Two systems need a "source" each and a field each.',
  },
  IGNORED: {
    meaning: 'Left out: the command of the row is IGNORE.',
    nextStep: 'Nothing, if that was intended; otherwise give the row another command.',
  },
  INTERRUPTED: {
    meaning: 'The run was interrupted while the row was being sent, so it is not known whether it arrived.',
    nextStep: '`mypos-customers resume <run>` finds out and continues. Do not add the row by hand before that.',
  },
  IN_DOUBT_ELSEWHERE: {
    meaning: 'An earlier run sent this customer, and it is not known whether the API created it.',
    nextStep: reconcile,
  },
  KEY_AMBIGUOUS: {
    meaning: 'The key is stored in several customers, so it does not tell which one the row is about.',
    nextStep: 'Clear the key in all but one of these customers at MYPOS Connect, then import the row again.',
  },
  KEY_CONTRADICTED: {
    meaning:
      'The key or the customerCode of the row stands for a customer with another name, e-mail address and phone number, as far as these are known. Nothing was changed.',
    nextStep:
      'Decide in the review file whether it is the same customer, and import that file. If the key or the code is wrong, or of another account, correct it.',
  },
  WRONG_CUSTOMER: {
    meaning:
      'The customer that the API gave is not the one that was asked for, or not the one that the key was linked to. Nothing was changed.',
    nextStep:
      'If the links are of another account or of a rehearsal, replace them by those of this one: `mypos-customers crosswalk import <file> --replace`, or `crosswalk rebuild`.',
  },
  KEY_PLACEHOLDER: {
    meaning:
      'The key of the row is no key: a placeholder such as NULL or 0, or a value that a spreadsheet program has damaged.',
    nextStep:
      'Give the row its own key. If the text is a key, list it in "placeholders" of the key in the mapping; a damaged column must be exported again as text.',
  },
  KEY_REPEATED: {
    meaning: 'Another row has the same key and different values.',
    nextStep:
      'Remove one of the rows, or correct its key. To send all of them one after the other, add --repeats in-order.',
  },
  MATCH_AMBIGUOUS: {
    meaning: 'Several customers match the row, or several rows of the file match one customer.',
    nextStep:
      'Decide in the review file, or give the row the customerCode of the right one (map a column to it). Rows without a key for one customer can also be sent one after the other: --repeats in-order.',
  },
  MATCH_BLANK: {
    meaning: 'The fields that customers are matched by are blank.',
    nextStep: 'Fill in these fields, or give the row a customerCode.',
  },
  MATCH_REPEATED: {
    meaning: 'Another row matches the same customer and has different values.',
    nextStep:
      'Remove one of the rows, or give each a customerCode. To send all of them one after the other, add --repeats in-order.',
  },
  MATCH_TAKEN: {
    meaning: 'The row matches a customer that already belongs to another key.',
    nextStep:
      'Correct the key, or the fields that customers are matched by. `mypos-customers crosswalk export` shows which key belongs to which customer.',
  },
  NAMELESS: {
    meaning: 'The row has no name, no key, no e-mail address and no telephone number.',
    nextStep:
      'Fill one of them in, or remove the row. If such rows are customers, set "nameless": "allow" in the mapping.',
  },
  NOT_A_CUSTOMER: {
    meaning: 'The row is not a customer but a total, a second header, a note or an empty formula. It was skipped.',
    nextStep:
      'Nothing. If it is a customer, import it with --keep-all-rows, or "keepAllRows" in "source" of the mapping.',
  },
  NOT_FOUND: {
    meaning: 'The API has no customer with the code of the row, or with the code that the crosswalk has for its key.',
    nextStep:
      'Correct the code, or add the customer with --mode add. If the customer of a key was deleted: `mypos-customers crosswalk forget <key>`, then import again.',
  },
  NOT_IN_PILOT: {
    meaning: 'Not part of this pilot (--first).',
    nextStep: 'Import the file again without --first; customers that the pilot created are not added again.',
  },
  NOT_REACHED: {
    meaning: 'Not sent: the run ended before this row.',
    nextStep: '`mypos-customers resume <run>`',
  },
  NOT_VERIFIED: {
    meaning: 'Written, but the customer could not be read back for comparison.',
    nextStep: 'Look at the customer with `mypos-customers get <code>`.',
  },
  POSSIBLE_DUPLICATE: {
    meaning: 'The account may have this customer already; the message names who it may be, and why. It was not added.',
    nextStep: 'Decide in the review file whether it is the same customer, and import that file.',
  },
  PROVED_ABSENT: {
    meaning: 'The request was lost: the API has no trace of it.',
    nextStep: '`mypos-customers resume <run>` sends it again.',
  },
  SAME_AS_ROW: {
    meaning: 'The row has exactly the same values as an earlier one.',
    nextStep: 'Nothing: the earlier row is used.',
  },
  SERVER_CHANGED: {
    meaning: 'The API stored a different value from the one that was sent.',
    nextStep:
      'Compare with `mypos-customers get <code>`. If the API always stores it differently, use that form in the file, or leave out --verify.',
  },
  SERVER_TRUNCATED: {
    meaning: 'The API truncated a value that was sent.',
    nextStep: 'Shorten the value in the file, or with "truncate" in the mapping, so that you decide where it ends.',
  },
  STILL_THERE: {
    meaning: 'The API answered a delete with a success, but the customer is not known to be gone.',
    nextStep: '`mypos-customers resume <run>` looks again, and deletes the customer once more.',
  },
  UNCLEAR: {
    meaning: 'The row was sent, and what the API has does not show whether it arrived.',
    nextStep:
      'Check the customers in the message. If the row is none of them: `mypos-customers reconcile <run> --absent <row>`, then `mypos-customers resume <run>`.',
  },
  UNKNOWN: {
    meaning: 'A request failed, and the network gave no reason.',
    nextStep: '`mypos-customers resume <run>` sends the row again, or finds out whether it arrived.',
  },
  WAITS_FOR_ROW: {
    meaning: 'Not sent: an earlier row for the same customer must be applied first, and has not been.',
    nextStep: '`mypos-customers resume <run>` sends both in order.',
  },
} as const satisfies CodeTable;
