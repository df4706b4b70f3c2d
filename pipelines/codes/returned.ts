import type { CodeTable } from './code-table.js';

const againForReview = 'Import the original file again: the rows that still wait are in a new review file.';
const nothing = 'Nothing.';

/** Files of this program that come back: reviews with decisions, and rejects. */
export const returnedCodes = {
  ALREADY_DECIDED: {
    meaning: 'An earlier import of this review file has done what was decided on this line.',
    nextStep: nothing,
  },
  CELLS_PUT_BACK: {
    meaning: 'A spreadsheet program had changed cells when it saved the file; they were put back.',
    nextStep: 'Nothing. If a cell was meant to change, correct it in the original file.',
  },
  CHANGED_BY_SPREADSHEET: {
    meaning: 'The key looks as if a spreadsheet program had changed it, and what it was is not certain.',
    nextStep: 'Type the key again, as text: format the cell as text first, or put an apostrophe before it.',
  },
  DECIDED_APART: {
    meaning:
      'Somebody has decided that two rows, or two customers of the account, are not the same; `duplicates` no longer asks.',
    nextStep: 'Nothing. The pair is asked about again once a name, e-mail address or phone of one side changes.',
  },
  DECIDED_IN_ROW: { meaning: 'The decision about this row stands on another line of the file.', nextStep: nothing },
  DECIDED_SKIP: {
    meaning: 'Left out: somebody has decided so in a review file.',
    nextStep: 'Nothing. The row is asked about again once its name, e-mail address or phone changes.',
  },
  EDITED_FILE_KEPT: {
    meaning: 'A file is not as this program wrote it, so it stays, and the new file has a number in its name.',
    nextStep: 'Use the new file; delete the old one when what was changed in it is no longer needed.',
  },
  RETURNED_FROM_ELSEWHERE: {
    meaning: 'The rows come from a run that this state folder does not know.',
    nextStep: 'Import the file where that run was made, or compare its keys with the original file first.',
  },
  REVIEW_CANDIDATE_UNKNOWN: {
    meaning: 'A line of the review file names a customer that was no candidate of its row.',
    nextStep:
      'Write "same" on the line of the customer that is meant. To name another one, map customerCode in the original file.',
    exit: 3,
  },
  REVIEW_CONTRADICTORY: {
    meaning: 'Decisions of the review file contradict each other.',
    nextStep: 'Leave one decision for each row and one row for each customer, and import the file again.',
    exit: 3,
  },
  REVIEW_DECISION_UNKNOWN: {
    meaning: 'A decision of the review file is not one of the words that exist.',
    nextStep: 'Write same, new or skip, or leave the cell empty.',
    exit: 3,
  },
  REVIEW_NEEDS_IMPORT: {
    meaning: 'A review file holds decisions, which only an import can use.',
    nextStep: 'mypos-customers import <file>',
    exit: 2,
  },
  REVIEW_OUTDATED: {
    meaning: 'A row or customer of the review file has changed since the file was written.',
    nextStep: `Empty the decision on that line and import the review file again. ${againForReview}`,
    exit: 8,
  },
  REVIEW_ROW_UNKNOWN: {
    meaning: 'A line of the review file is about a row that does not wait for a decision here.',
    nextStep: `Import the file where it was written: same account, login and state folder. ${againForReview}`,
    exit: 3,
  },
  REVIEW_ONLY_SHOWN: {
    meaning:
      'A decision of a review file is one that this program cannot do: two customers of the account cannot be merged, and two rows without keys that say the same cannot be told apart.',
    nextStep:
      'Of two customers, make the one that is too many inactive (mypos-customers delete <code>). Of two equal rows, an import adds one customer.',
  },
  UNDECIDED: {
    meaning: 'Nothing is decided about this row yet.',
    nextStep: 'Write same, new or skip into the column "decision" of one of its lines, and import the file again.',
  },
} as const satisfies CodeTable;
