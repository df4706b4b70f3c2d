import type { CodeTable } from './code-table.js';

/** Errors that stop a command as a whole: usage, configuration, files to write, runs and jobs. */
export const commandCodes = {
  ACCOUNT_UNKNOWN: {
    meaning:
      'Many of the rows to add seem to be in the account already, and this state folder does not know its customers. Nothing was sent.',
    nextStep: 'Follow the first of the ways that the message lists which fits. docs/identity.md explains them.',
    exit: 8,
  },
  ACCOUNT_NOT_CONFIRMED: {
    meaning: 'A configuration file in the current folder names an address that this user has not agreed to.',
    nextStep: 'Correct the address in the file, or name another file with --config.',
    exit: 2,
  },
  BACKUP_OF_OTHER_ACCOUNT: {
    meaning: 'The backup is the ledger of another address or login. Nothing was changed.',
    nextStep: 'Set the address and login that it was made with, e.g. with --profile; for the sandbox, --sandbox.',
    exit: 2,
  },
  BUG: {
    meaning: 'An unexpected error in this program.',
    nextStep:
      'Report it with the output of the command. Finished rows are safe in the ledger; `mypos-customers resume` continues.',
    exit: 1,
  },
  BUSY: {
    meaning: 'Another process is working on the customers of this login.',
    nextStep: 'Wait until it has finished and try again; a cron job can simply wait for its next run.',
    exit: 75,
  },
  CANNOT_WRITE: {
    meaning: 'A file that the command has to write cannot be written.',
    nextStep: 'Choose an existing folder that this user may write to.',
    exit: 2,
  },
  CHANGED_SINCE_PLAN: {
    meaning: 'The input or the mapping has changed since the plan was made. Nothing was sent.',
    nextStep: 'Make a new plan: mypos-customers plan <file>',
    exit: 8,
  },
  COMPARE_NOTHING: {
    meaning: 'No column of the file is a field that could be compared.',
    nextStep: 'Check that it is the right file, sheet and header row, or name its mapping with --mapping.',
    exit: 2,
  },
  CHANGED_SINCE_RUN: {
    meaning:
      'The input has changed since the run started, so its rows are no longer the same. Of a row: somebody has changed fields of its customer that it would write since the run was begun, and it was not sent.',
    nextStep:
      'Of a row: decide in the review file, and import that. Otherwise restore the original file and resume. Or settle the rows in doubt with `mypos-customers reconcile` and import the file again with --force: finished rows with a key are not sent again.',
    exit: 8,
  },
  CODE_COLUMN_MISSING: {
    meaning: 'The file has no column of customer codes.',
    nextStep: 'Rename the column that holds the codes to customerCode; a result file has them in _customerCode.',
    exit: 2,
  },
  COMMAND_UNKNOWN: {
    meaning:
      'There is no such command. In a row: the command column has a value other than NEW, MERGE, UPDATE, REPLACE, DELETE or IGNORE.',
    nextStep: '`mypos-customers --help` lists all commands. In a row: correct the cell.',
    exit: 2,
  },
  CONFIG_FILE: {
    meaning: 'The configuration file is missing, or something in it is wrong.',
    nextStep: 'Create the file, or correct it at the position shown in the message.',
    exit: 2,
  },
  CONFIG_NOT_OURS: {
    meaning:
      'Another user owns the configuration file, or everybody can write to it. It could run programs as this user and send the login elsewhere.',
    nextStep:
      'Look at what is in it. If that is as you want it, take it over with chown, or remove the right with chmod o-w.',
    exit: 2,
  },
  CROSSWALK_COLUMNS: {
    meaning: 'The file lacks the column "key" or "customerCode".',
    nextStep:
      'Use these names for the columns; `crosswalk export` writes such a file. For result files, use `crosswalk rebuild`.',
    exit: 2,
  },
  CROSSWALK_ROW: {
    meaning: 'A row of the crosswalk file cannot be used. Nothing was imported from the file.',
    nextStep: 'Correct the row and try again.',
    exit: 3,
  },
  DISK: {
    meaning: 'The disk is full or read-only, or a file on it cannot be written.',
    nextStep:
      'Free space on the disk of the state folder or of the results, or give this user permission to write there. Then run the command again; an import, delete or undo: `mypos-customers resume`.',
    exit: 5,
  },
  EVIDENCE_LIMITED: {
    meaning: 'The list of customers shows neither e-mail addresses nor phone numbers.',
    nextStep: 'Give the mapping a key with a stamp, or compare the customers yourself before you add rows.',
  },
  FIELD_NEEDS_FULL: {
    meaning: "The API's list of customers does not include this field; only the details of each customer do.",
    nextStep: 'Add --full, which sends one more request per customer, or leave the field out.',
    exit: 2,
  },
  FILE_EXISTS: {
    meaning: 'The output file already exists.',
    nextStep: 'Choose another name, or overwrite the file with --force.',
    exit: 2,
  },
  FORMAT_UNKNOWN: {
    meaning: 'The file name has no extension that shows which format to write.',
    nextStep: 'Add --format, or choose a name with an extension that `mypos-customers export --help` lists.',
    exit: 2,
  },
  IMPORT_NOT_CONFIRMED: {
    meaning: 'The first import of more than 100 rows into an account was not confirmed. Nothing was sent.',
    nextStep: 'For another account, choose it with --profile. To try some rows first, add --first 5.',
    exit: 2,
  },
  INPUT_CHANGED: {
    meaning: 'The input has changed since the run read it, so the result file cannot be written again.',
    nextStep: 'Restore the original file; the result file is written from its rows.',
    exit: 2,
  },
  INPUT_GONE: {
    meaning: 'The input of the run can no longer be read.',
    nextStep:
      'Put the file back and resume. Without it, the remaining rows cannot be sent; `mypos-customers reconcile` settles the rows in doubt.',
    exit: 8,
  },
  IN_DOUBT: {
    meaning: 'It is not known whether some rows reached the API.',
    nextStep: '`mypos-customers reconcile`. Do not add the rows by hand before that.',
  },
  JOB_BUSY: {
    meaning: 'Another process is running the job.',
    nextStep: 'Nothing: that process takes care of it.',
    exit: 75,
  },
  JOB_GONE: {
    meaning: 'No job in the configuration matches the file any more.',
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
      'Do not import again before this is fixed, or customers may be created twice: restore the state folder from a backup, or move it away and compare your last result file with the customers in the API.',
    exit: 8,
  },
  LEDGER_NOT_NEWEST: {
    meaning:
      'The ledger in the state folder lacks what was written to it last: it was restored from a backup, copied while in use, or its write-ahead log was lost.',
    nextStep:
      'Import the file again: rows are compared with what was created or changed in the account since. Those that are there already are linked or wait for a decision, and none is added twice.',
    exit: 8,
  },
  LEDGER_TOO_NEW: {
    meaning: 'The ledger was written by a newer version of this program.',
    nextStep: 'Update mypos-customers, or choose another --state-dir.',
    exit: 2,
  },
  MAX_FAILURES: {
    meaning: 'The run stopped because more rows failed than --max-failures allows.',
    nextStep: 'Check the rejects file. To continue anyway, resume with --max-failures 100%.',
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
  NO_INPUT_FILE: {
    meaning: 'The run had no input file, so there is no result file to write.',
    nextStep: '`mypos-customers runs show <run>` without --results shows what it did.',
    exit: 2,
  },
  NO_JOB_FOR_FOLDER: {
    meaning: 'No job of the configuration file is for this folder.',
    nextStep: 'Correct the path, or the "folder" of a job. A job without "folder" applies to any folder.',
    exit: 2,
  },
  OPTIONS_MISSING: {
    meaning: 'Without a terminal, init cannot ask and needs options.',
    nextStep: 'Add the options that the message names. Without an account: mypos-customers init <file> --sandbox',
    exit: 2,
  },
  OPTION_VALUE: {
    meaning: 'The value of an option cannot be used.',
    nextStep: 'Correct it as the example in the message shows.',
    exit: 2,
  },
  OUTPUT_CLOSED: {
    meaning: 'The reader of standard output closed it before the end.',
    nextStep: 'Export to a file, or make the reader read to the end.',
    exit: 5,
  },
  NOT_A_BACKUP: {
    meaning: 'The file is missing, damaged, or not what `state backup` writes. Nothing was changed.',
    nextStep: 'Name a file that `mypos-customers state backup` has written.',
    exit: 2,
  },
  NO_LEDGER: {
    meaning: 'The state folder has no ledger of this address and login yet.',
    nextStep: 'Set the address, login and state folder that the runs have, e.g. with --profile and --state-dir.',
    exit: 2,
  },
  PLAN_FORMAT: {
    meaning: 'A plan can only be written as .csv or .xlsx.',
    nextStep: 'Use a name such as plan.xlsx. For JSON, use --json and redirect standard output.',
    exit: 2,
  },
  PERSON_IN_USE: {
    meaning: 'An unfinished run needs a file of the state folder that holds the customer, so nothing was removed.',
    nextStep: 'Finish the run: mypos-customers resume <run>. Then erase again.',
    exit: 8,
  },
  PERSON_UNKNOWN: {
    meaning: 'The state folder holds nothing of such a customer.',
    nextStep: 'Give the code, the key or the e-mail address as the account or the file has it.',
    exit: 2,
  },
  PLAN_OF_OTHER_FILE: {
    meaning: 'The plan was made for another file.',
    nextStep: 'Leave out the file name: the plan contains it.',
    exit: 2,
  },
  PLAN_UNKNOWN: {
    meaning: 'There is no such plan; plans are kept for 30 days.',
    nextStep: 'Make a new one: mypos-customers plan <file>',
    exit: 2,
  },
  PROFILE_EXISTS: {
    meaning: 'A profile of this name already exists; it was not changed.',
    nextStep: 'Choose another name with --profile <name>, or add --force to replace it.',
    exit: 2,
  },
  RECONCILING: {
    meaning: 'Rows of an earlier run are in doubt; the API is asked about them.',
    nextStep: 'Nothing.',
  },
  READING_STAMPS: {
    meaning: 'Customers that this state folder does not know are read one by one, because only that shows their keys.',
    nextStep: 'Nothing. They are read again only when somebody has edited them.',
  },
  REPORT_NOT_WRITTEN: {
    meaning: 'The report could not be written.',
    nextStep: 'Free disk space, or close the file; then `mypos-customers runs show <run> --report <file.html>`.',
  },
  RESULTS_FOLDER_MISSING: {
    meaning: 'The results folder of a job does not exist.',
    nextStep: 'Create it, or mount the share.',
    exit: 2,
  },
  RESULTS_FOLDER_UNWRITABLE: {
    meaning: 'This user cannot write to the results folder of a job.',
    nextStep: 'Give this user permission to write there; if the disk is read-only, fix that first.',
    exit: 2,
  },
  RESULTS_NOT_WRITTEN: {
    meaning: 'The result file could not be written.',
    nextStep:
      'Fix what the message names, such as a folder or an input that was moved; then `mypos-customers runs show <run> --results <file>`. The outcomes of the rows are safe in the ledger.',
    exit: 5,
  },
  ROWS_IN_DOUBT: {
    meaning: 'The run has rows in doubt, so it is not known what to undo for them.',
    nextStep: 'Settle them first: mypos-customers reconcile <run>',
    exit: 8,
  },
  RUN_OF_OTHER_TENANT: {
    meaning: 'The run belongs to a different login or address from the one that is set now.',
    nextStep: 'Set the address and login that it ran with, e.g. with --profile; for the sandbox, --sandbox.',
    exit: 2,
  },
  RUN_PRUNED: {
    meaning:
      'The run ended so long ago that the customers as they were before it have been removed; it cannot be undone.',
    nextStep:
      'Import a file with the values to put back. To keep what an undo needs for longer, raise "retention" in the profile.',
    exit: 2,
  },
  RUN_UNKNOWN: {
    meaning: 'There is no such run.',
    nextStep: '`mypos-customers runs` lists those for this login.',
    exit: 2,
  },
  SANDBOX_DATA_FILE: {
    meaning: 'The data file was not created by the sandbox.',
    nextStep: 'Choose a new file name: the sandbox creates the file.',
    exit: 2,
  },
  SANDBOX_FAULT: {
    meaning: 'A fault for the sandbox has the wrong syntax.',
    nextStep: 'Write it like 503:add:nth=3; the README of the sandbox lists all faults.',
    exit: 2,
  },
  SANDBOX_PORT_TAKEN: {
    meaning: 'Another program uses the port.',
    nextStep: 'Choose another port; 0 picks a free one.',
    exit: 2,
  },
  SANDBOX_SIDE_DOOR: {
    meaning: 'A request to the admin API of the sandbox is wrong.',
    nextStep: 'Correct the request; the README of the sandbox describes the admin API.',
    exit: 2,
  },
  SECRET_FILE: {
    meaning: 'A file that holds a secret cannot be read.',
    nextStep: 'Check the path, and that this user may read the file.',
    exit: 2,
  },
  SETTING_UNUSABLE: {
    meaning: 'The value of a setting cannot be used.',
    nextStep: 'Correct it where the message says it comes from, or override it with the option of the same name.',
    exit: 2,
  },
  SIGINT: {
    meaning: 'Stopped by Ctrl-C.',
    nextStep: 'Run the command again; an import, delete or undo: `mypos-customers resume`.',
    exit: 130,
  },
  SIGTERM: {
    meaning: 'Stopped by SIGTERM.',
    nextStep: 'Run the command again; an import, delete or undo: `mypos-customers resume`.',
    exit: 143,
  },
  STAMP_MISSING: {
    meaning: 'The key of the mapping has no "stamp", so it is not stored in the customers.',
    nextStep: 'Use result files instead: mypos-customers crosswalk rebuild customers.results.csv',
    exit: 2,
  },
  STAMPS_UNKNOWN: {
    meaning:
      'Whether rows are in the account already shows only in a field that the list of customers does not include, and more than 2,000 customers would have to be read one by one. Nothing was sent.',
    nextStep: 'Read them once: mypos-customers crosswalk rebuild. Or add --yes, which reads them now.',
    exit: 8,
  },
  STATE_FOLDER_UNUSABLE: {
    meaning: 'The state folder cannot be created or used.',
    nextStep: 'Choose another with --state-dir.',
    exit: 2,
  },
  TEMPLATE_FORMAT: {
    meaning: 'A template is a workbook, so its name must end in .xlsx.',
    nextStep: 'For example: mypos-customers mapping template customers.xlsx',
    exit: 2,
  },
  TOO_MANY_FILES: {
    meaning: 'The system does not allow this user, or the whole machine, to open more files.',
    nextStep:
      'Raise the limit (`ulimit -n 1024`, or LimitNOFILE of a service) or close other programs; then run the command again. An import that had begun: `mypos-customers resume`.',
    exit: [3, 5],
  },
  TOO_MANY_ROWS: {
    meaning: 'The file has more rows than its job allows. Nothing was sent.',
    nextStep: 'Check that it is the right file. If it is, raise "maxRows" of its job, or import it by hand.',
    exit: 8,
  },
  UNFINISHED_RUN: {
    meaning: 'An earlier run of this file is not finished.',
    nextStep:
      'Continue it: mypos-customers resume <run>. (--force starts over from the beginning; customers without a key may then be added twice.)',
    exit: 8,
  },
  USAGE: {
    meaning: 'The command line is wrong.',
    nextStep: 'See `mypos-customers <command> --help`.',
    exit: 2,
  },
  WAITING_FOR_SERVER: {
    meaning:
      'The API cannot be reached now, although it has answered before. Requests that did not leave are tried again.',
    nextStep:
      'Wait, or stop with Ctrl-C and run `mypos-customers resume` later. --patience says for how long it is tried.',
  },
  WAITING_TO_SETTLE: {
    meaning: 'A request was not answered, and only after a while is it certain whether it had an effect.',
    nextStep: 'Wait, or stop with Ctrl-C and run `mypos-customers resume` later.',
  },
  WOULD_OVERWRITE_INPUT: {
    meaning: 'The result or rejects file would replace the input.',
    nextStep: 'Choose another name with --results or --rejects.',
    exit: 2,
  },
} as const satisfies CodeTable;
