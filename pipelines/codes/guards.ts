import type { CodeTable } from './code-table.js';

const checkGuard =
  'Check the file, and what it would do: mypos-customers plan <file>. If the file is correct, add --override-guards.';

/** Guards that refuse a run before anything is sent. */
export const guardCodes = {
  GUARD_ABSENT: {
    meaning: 'A guard refused the file: too many customers are in no row of it. Nothing was sent.',
    nextStep:
      'Check that the file is whole, and who is missing: mypos-customers plan <file>. If it is right, add --override-guards.',
    exit: 8,
  },
  GUARD_CHANGED: {
    meaning: 'A guard refused the file: too many rows would change their customer. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
  GUARD_DEACTIVATED: {
    meaning:
      'A guard refused the file: too many rows would delete their customer or make it inactive. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
  GUARD_ENCODING: {
    meaning: 'The file is not UTF-8, and all earlier files of this mapping were. Nothing was sent.',
    nextStep:
      'Export the file again as UTF-8. If it is right as it is, give its encoding: --encoding <name>, or "encoding" under "source" in the mapping.',
    exit: 8,
  },
  GUARD_FEWER_ROWS: {
    meaning: 'A guard refused the file: it has far fewer rows than the last one. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
  GUARD_NOT_CUSTOMERS: {
    meaning:
      'More than half of the rows look like totals, a second header or notes, and not like customers. Nothing was sent.',
    nextStep:
      'Check the file, the sheet and the header row. If the rows are customers, add --keep-all-rows; to import only the others, --override-guards.',
    exit: 8,
  },
  GUARD_HEADER: {
    meaning: 'A guard refused the file: its columns are not those of the last one. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
  GUARD_INVALID_ROWS: {
    meaning: 'A guard refused the file: too many rows are invalid. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
  KEYS_CHANGED: {
    meaning: 'None of the keys is known, but most rows are customers that already have another key. Nothing was sent.',
    nextStep:
      'Use the column that was the key before. To change over to the new keys, give them a "source" of their own and the mapping "match". If they are new customers, add --override-guards.',
    exit: 8,
  },
  KEY_SOURCE_CHANGED: {
    meaning:
      'The "source" of the mapping\'s key is not that of its last import, and no customer is known by a key of the new one: every row would count as new. Nothing was sent.',
    nextStep:
      'If they are the same keys, give them the new source as the message says. If they are keys of another system, add --override-guards.',
    exit: 8,
  },
  GUARD_KEY_DAMAGE: {
    meaning:
      'A guard refused the file: too many of its keys are damaged, or the same for different customers. Nothing was sent.',
    nextStep:
      'Export the file again with the key column as text, or choose another column as the key. If these are the keys, add --override-guards.',
    exit: 8,
  },
  GUARD_NEW: {
    meaning: 'A guard refused the file: too many rows would add a customer. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
} as const satisfies CodeTable;
