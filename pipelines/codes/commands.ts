import type { CodeTable } from './code-table.js';

const checkGuard =
  'Check the file, and what it would do: mypos-customers plan <file>. If it is right this time, add --override-guards.';

/** What ends or refuses a command as a whole: usage, configuration, files to write, runs and jobs. */
export const commandCodes = {
  BUG: {
    meaning: 'An error that this program did not expect.',
    nextStep:
      'Report it with the lines that it printed. What was settled is safe in the ledger; `mypos-customers resume` continues.',
    exit: 1,
  },
  BUSY: {
    meaning: 'Another process is working on the customers of this login.',
    nextStep: 'Wait until it has finished and try again; in cron, simply at the next time.',
    exit: 75,
  },
  CANNOT_WRITE: {
    meaning: 'A file that the command has to write cannot be written.',
    nextStep: 'Choose a folder that exists and that this user may write to.',
    exit: 2,
  },
  CHANGED_SINCE_PLAN: {
    meaning: 'The input or the mapping has changed since the plan was made. Nothing was sent.',
    nextStep: 'Make a new plan: mypos-customers plan <file>',
    exit: 8,
  },
  CHANGED_SINCE_RUN: {
    meaning: 'The input has changed since the run started, so its rows are not the same any more.',
    nextStep:
      'Put the file back as it was and resume. Or settle what is in doubt with `mypos-customers reconcile` and import the file anew with --force: rows with a key that are done are not sent again.',
    exit: 8,
  },
  CLAIM_ELSEWHERE: {
    meaning: 'A process on another machine took the file and shows no sign of life.',
    nextStep:
      'Sweep the folder on that machine: only its ledger knows what was sent. If the machine is gone for good, compare the customers at the API, then move the file out of processing/ and remove that folder.',
  },
  CODE_COLUMN_MISSING: {
    meaning: 'The file has no column with customer codes.',
    nextStep: 'Rename the column that holds the codes to customerCode; a result file has them in _customerCode.',
    exit: 2,
  },
  COMMAND_UNKNOWN: {
    meaning:
      'There is no such command; in a row: the command column holds a word other than NEW, MERGE, UPDATE, REPLACE, DELETE or IGNORE.',
    nextStep: '`mypos-customers --help` lists all commands. In a row: correct the cell.',
    exit: 2,
  },
  CONFIG_FILE: {
    meaning: 'The configuration file is missing, or something in it is wrong.',
    nextStep: 'Correct the place that the message names.',
    exit: 2,
  },
  CROSSWALK_COLUMNS: {
    meaning: 'The file lacks the column "key" or "customerCode".',
    nextStep:
      'Name the columns so; `crosswalk export` writes a file in this form. Result files are for `crosswalk rebuild`.',
    exit: 2,
  },
  CROSSWALK_ROW: {
    meaning: 'A row of the crosswalk file cannot be used. Nothing was taken from the file.',
    nextStep: 'Correct the row and try again.',
    exit: 3,
  },
  DISK: {
    meaning: 'The disk is full or read-only, or a file on it cannot be written.',
    nextStep:
      'Make room on the disk of the state folder or of the results, or give this user the right to write there; then `mypos-customers resume`.',
    exit: 5,
  },
  DOUBTS_ELSEWHERE: {
    meaning: 'Rows were skipped because an earlier run left them in doubt; the result file names it.',
    nextStep: 'Settle that run with `mypos-customers reconcile`, then drop the skipped rows again.',
  },
  FIELD_NEEDS_FULL: {
    meaning: "The API's list of customers does not have the field; only each customer's details do.",
    nextStep: 'Add --full, which asks for every customer once more, or leave the field out.',
    exit: 2,
  },
  FILE_EXISTS: {
    meaning: 'The file to write exists already.',
    nextStep: 'Choose another name, or replace it with --force.',
    exit: 2,
  },
  FORMAT_UNKNOWN: {
    meaning: 'The name of the file has no ending that says which format to write.',
    nextStep: 'Add --format, or choose a name with an ending that `mypos-customers export --help` lists.',
    exit: 2,
  },
  GREW: {
    meaning: 'Somebody continued writing to the file while it was imported; it is processed again.',
    nextStep: 'Nothing: rows that are done are not sent again. A done-file avoids this.',
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
  GUARD_FEWER_ROWS: {
    meaning: 'A guard refused the file: it has far fewer rows than the last one. Nothing was sent.',
    nextStep: checkGuard,
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
  GUARD_NEW: {
    meaning: 'A guard refused the file: too many rows would add a customer. Nothing was sent.',
    nextStep: checkGuard,
    exit: 8,
  },
  INBOX_BUSY: {
    meaning: 'Another process is sweeping the folder.',
    nextStep: 'Nothing: that process takes care of the files.',
    exit: 75,
  },
  INBOX_UNUSABLE: {
    meaning: 'The folder cannot be swept.',
    nextStep:
      'Check the path, the rights of this user, and that the share is mounted. If the folder was moved on purpose, sweep it once with --adopt.',
    exit: 3,
  },
  INCOMPLETE: {
    meaning: 'The dropped file is incomplete, or its writer has not finished.',
    nextStep:
      'Nothing yet: the next sweep checks it again. After the waiting time: copy the file again, or add its done-file.',
  },
  INPUT_CHANGED: {
    meaning: 'The input has changed since the run read it, so its result file cannot be written again.',
    nextStep: 'Put the file back as it was; the result file shows its rows.',
    exit: 2,
  },
  INPUT_GONE: {
    meaning: 'The input of the run cannot be read any more.',
    nextStep:
      'Put the file back and resume. Without it, rows that were not sent stay so; `mypos-customers reconcile` settles what is in doubt.',
    exit: 8,
  },
  IN_DOUBT: {
    meaning: 'It is not known whether some rows arrived.',
    nextStep: '`mypos-customers reconcile`. Never add the rows by hand before.',
  },
  JOB_BUSY: {
    meaning: 'Another process is running the job.',
    nextStep: 'Nothing: that process takes care of it.',
    exit: 75,
  },
  JOB_GONE: {
    meaning: 'No job of the configuration takes the file any more.',
    nextStep: 'Put the job back into the configuration file.',
    exit: 3,
  },
  JOB_WITHOUT_FOLDER: {
    meaning: 'The job has no folder.',
    nextStep: 'Add "folder" to it, or use: mypos-customers sweep <folder>',
    exit: 2,
  },
  LEDGER_DAMAGED: {
    meaning: 'The ledger in the state folder is damaged.',
    nextStep:
      'Do not import again before this is settled, or customers may be created twice: restore the state folder from a backup, or move it away and compare your last result file with the customers at the API.',
    exit: 8,
  },
  LEDGER_TOO_NEW: {
    meaning: 'The ledger was written by a newer version of this program.',
    nextStep: 'Update mypos-customers, or choose another --state-dir.',
    exit: 2,
  },
  MAX_FAILURES: {
    meaning: 'The run stopped because more rows failed than --max-failures allows.',
    nextStep: 'Check the rejects file; to continue nevertheless, resume with --max-failures 100%.',
  },
  NAME_UNUSABLE: {
    meaning: 'The name of the dropped file cannot be used.',
    nextStep: 'Rename the file.',
  },
  NOT_A_RESULT_FILE: {
    meaning: 'The file is not a result file: it has no columns _status and _customerCode.',
    nextStep: 'For a file with the columns key and customerCode: mypos-customers crosswalk import <file>',
    exit: 2,
  },
  NOT_CONFIRMED: {
    meaning: 'The command needs a confirmation, and there is no terminal to ask on.',
    nextStep: 'Add --yes to confirm on the command line.',
    exit: 2,
  },
  NOT_FINISHED: {
    meaning: 'The run is not finished.',
    nextStep: '`mypos-customers resume`',
  },
  NOT_QUIET: {
    meaning: 'The dropped file was changed, or first seen, just now.',
    nextStep: 'Nothing: a later sweep imports it once it stays unchanged.',
  },
  NOT_YET: {
    meaning: 'The file could not be taken now.',
    nextStep: 'Nothing: the next sweep tries again.',
  },
  NO_DATA: {
    meaning: 'A done-file was dropped without its data file.',
    nextStep: 'Drop the data file, or remove the done-file.',
  },
  NO_DONE_FILE: {
    meaning: 'The job requires a done-file, and the dropped file has none.',
    nextStep: 'Let its writer add the done-file, or add it by hand once you know that the file is complete.',
  },
  NO_INPUT_FILE: {
    meaning: 'The run had no input file, so there is no result file to write.',
    nextStep: '`mypos-customers runs show <run>` without --results shows what it did.',
    exit: 2,
  },
  NO_JOB_FOR_FOLDER: {
    meaning: 'No job of the configuration file is for this folder.',
    nextStep: 'Correct the path, or the "folder" of a job; a job without "folder" is for any.',
    exit: 2,
  },
  OPTIONS_MISSING: {
    meaning: 'Without a terminal, init cannot ask and needs options.',
    nextStep: 'Give the options that the message names. Without an account: mypos-customers init <file> --sandbox',
    exit: 2,
  },
  OPTION_VALUE: {
    meaning: 'The value of an option cannot be used.',
    nextStep: 'Correct it as the example of the message shows.',
    exit: 2,
  },
  OUTPUT_CLOSED: {
    meaning: 'The reader of standard output closed it before the end.',
    nextStep: 'Export to a file, or let the reader take everything.',
    exit: 5,
  },
  PLAN_FORMAT: {
    meaning: 'A plan is written as .csv or .xlsx only.',
    nextStep: 'Name it such as plan.xlsx; for JSON, use --json and redirect standard output.',
    exit: 2,
  },
  PLAN_OF_OTHER_FILE: {
    meaning: 'The plan was made for another file.',
    nextStep: 'Leave the file out: the plan knows its own.',
    exit: 2,
  },
  PLAN_UNKNOWN: {
    meaning: 'There is no such plan; plans are kept for 30 days.',
    nextStep: 'Make a new one: mypos-customers plan <file>',
    exit: 2,
  },
  PROFILE_EXISTS: {
    meaning: 'There is a profile of this name already; it stays as it is.',
    nextStep: 'Name another with --profile <name>, or add --force to replace it.',
    exit: 2,
  },
  RECONCILING: {
    meaning: 'Rows of an earlier run are in doubt; the API is asked about them.',
    nextStep: 'Nothing.',
  },
  REPORT_NOT_WRITTEN: {
    meaning: 'The report could not be written.',
    nextStep: 'Make room, or close the file; then `mypos-customers runs show <run> --report <file.html>`.',
  },
  RESULTS_FOLDER_MISSING: {
    meaning: 'The folder that a job writes results to does not exist.',
    nextStep: 'Create it, or mount its share.',
    exit: 2,
  },
  RESULTS_FOLDER_UNWRITABLE: {
    meaning: 'This user cannot write to the folder that a job writes results to.',
    nextStep: 'Give this user the right to write there; if the disk is read-only, fix that first.',
    exit: 2,
  },
  RESULTS_NOT_WRITTEN: {
    meaning: 'The result file could not be written.',
    nextStep: 'Put the input back where it was; then `mypos-customers runs show <run> --results <file>`.',
  },
  ROWS_IN_DOUBT: {
    meaning: 'The run has rows in doubt, so it is not known what to undo for them.',
    nextStep: 'Settle them first: mypos-customers reconcile <run>',
    exit: 8,
  },
  RUN_OF_OTHER_TENANT: {
    meaning: 'The run belongs to another login or address than the one that is set now.',
    nextStep: 'Set the address and login that it ran with, e.g. with --profile; for the sandbox, --sandbox.',
    exit: 2,
  },
  RUN_UNKNOWN: {
    meaning: 'There is no such run.',
    nextStep: '`mypos-customers runs` lists those of this login.',
    exit: 2,
  },
  SAME_CONTENT: {
    meaning: 'A file with exactly this content was imported before.',
    nextStep:
      'Rows to fix are in the rejects file of that run. To import the same content again, give the job "sameContent": "import".',
  },
  SANDBOX_DATA_FILE: {
    meaning: 'The data file is not one of the sandbox.',
    nextStep: 'Name a new file: the sandbox creates it.',
    exit: 2,
  },
  SANDBOX_FAULT: {
    meaning: 'A fault for the sandbox is written wrongly.',
    nextStep: 'Write it such as 503:add:nth=3; the page of the sandbox lists all faults.',
    exit: 2,
  },
  SANDBOX_PORT_TAKEN: {
    meaning: 'Another program uses the port.',
    nextStep: 'Choose another port; 0 takes any free one.',
    exit: 2,
  },
  SANDBOX_SIDE_DOOR: {
    meaning: 'A request to the admin API of the sandbox is wrong.',
    nextStep: 'Correct the request; the page of the sandbox describes them.',
    exit: 2,
  },
  SECRET_FILE: {
    meaning: 'A file that holds a secret cannot be read.',
    nextStep: 'Check its path and that this user may read it.',
    exit: 2,
  },
  SETTING_UNUSABLE: {
    meaning: 'The value of a setting cannot be used.',
    nextStep: 'Correct it where the message says that it comes from, or override it with the option of that name.',
    exit: 2,
  },
  SIGINT: {
    meaning: 'Stopped by Ctrl-C.',
    nextStep: '`mypos-customers resume`',
    exit: 130,
  },
  SIGTERM: {
    meaning: 'Stopped by SIGTERM.',
    nextStep: '`mypos-customers resume`',
    exit: 143,
  },
  STAMP_MISSING: {
    meaning: 'The key of the mapping has no "stamp", so no customer carries it.',
    nextStep: 'Name result files instead: mypos-customers crosswalk rebuild customers.results.csv',
    exit: 2,
  },
  STATE_FOLDER_UNUSABLE: {
    meaning: 'The state folder cannot be created or used.',
    nextStep: 'Choose another with --state-dir.',
    exit: 2,
  },
  STOPPING: {
    meaning: 'The sweep was asked to stop.',
    nextStep: 'Nothing: the next sweep continues with the file.',
  },
  TEMPLATE_FORMAT: {
    meaning: 'A template is a workbook, and the name does not end in .xlsx.',
    nextStep: 'For example: mypos-customers mapping template customers.xlsx',
    exit: 2,
  },
  TOO_MANY_ROWS: {
    meaning: 'The file has more rows than its job allows. Nothing was sent.',
    nextStep: 'Check that it is the right file. If it is, raise "maxRows" of its job, or import it by hand.',
    exit: 8,
  },
  UNFINISHED_RUN: {
    meaning: 'An earlier run of this very file is not finished.',
    nextStep:
      'Continue it: mypos-customers resume <run>. (--force starts anew; customers without a key may then be added twice.)',
    exit: 8,
  },
  USAGE: {
    meaning: 'The command line is wrong.',
    nextStep: 'See `mypos-customers <command> --help`.',
    exit: 2,
  },
  WAITS_TOO_LONG: {
    meaning: 'A file in the drop folder has not been ready for longer than the job allows.',
    nextStep:
      'Ask whoever writes it, copy it again, or take it away. A text file without a line end at its end needs "lastLineEnd": "optional".',
  },
  WOULD_OVERWRITE_INPUT: {
    meaning: 'The result or rejects file would replace the input.',
    nextStep: 'Choose another name with --results or --rejects.',
    exit: 2,
  },
} as const satisfies CodeTable;
