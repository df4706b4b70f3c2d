import type { CodeTable } from './code-table.js';

/** What can happen to a drop folder and to the files in it. */
export const dropFolderCodes = {
  CLAIM_ELSEWHERE: {
    meaning: 'Another machine claimed the file and has stopped responding.',
    nextStep:
      'Sweep the folder on that machine: only its ledger knows what was sent. If the machine is gone for good, compare the file with the customers in the API, then move it out of processing/ and remove that folder.',
  },
  CLAIM_REPLACED: {
    meaning: 'Something else has taken the place of a file that was claimed in the drop folder; it is not read.',
    nextStep: 'Look at who may write to the drop folder, and drop the file again.',
    exit: 3,
  },
  CLAIM_UNKNOWN: {
    meaning: 'Something in processing/ is not a claim of this program. Nothing in it is read.',
    nextStep:
      'Look at it and remove it. If an earlier version of this program, or one on another machine, has left a file there: finish its run with `mypos-customers resume` on that machine, or move the file back into the drop folder.',
  },
  DOUBTS_ELSEWHERE: {
    meaning: 'Rows were skipped because an earlier run left them in doubt; the result file names it.',
    nextStep: 'Settle that run with `mypos-customers reconcile`, then put the skipped rows into the drop folder again.',
  },
  FOLDER_IS_LINK: {
    meaning: 'A link, or something else, is in the place of a folder that the program uses in the drop folder.',
    nextStep:
      'Remove it. To keep imported files elsewhere, name that folder in the job: "done", "failed" or "duplicate". Claimed files stay in the drop folder.',
    exit: 3,
  },
  GREW: {
    meaning: 'The file was still being written while it was imported; it is processed again.',
    nextStep: 'Nothing: finished rows are not sent again. A done-file prevents this.',
  },
  INBOX_BUSY: {
    meaning: 'Another process is sweeping the folder.',
    nextStep: 'Nothing: that process takes care of the files.',
    exit: 75,
  },
  INBOX_UNUSABLE: {
    meaning: 'The folder cannot be swept.',
    nextStep:
      'Check the path, the permissions of this user, and that the share is mounted. If the folder was moved on purpose, sweep it once with --adopt.',
    exit: 3,
  },
  INCOMPLETE: {
    meaning: 'The dropped file is incomplete, or its writer has not finished.',
    nextStep:
      'Nothing yet: the next sweep checks it again. After the waiting time: copy the file again, or add its done-file.',
  },
  NAME_UNUSABLE: {
    meaning: 'The name of the dropped file cannot be used.',
    nextStep: 'Rename the file.',
  },
  NOT_QUIET: {
    meaning: 'The dropped file has only just appeared or changed.',
    nextStep: 'Nothing: a later sweep imports it once it stays unchanged.',
  },
  NOT_YET: {
    meaning: 'The file could not be claimed.',
    nextStep: 'Nothing: the next sweep tries again.',
  },
  NO_DATA: {
    meaning: 'A done-file was dropped without its data file.',
    nextStep: 'Drop the data file, or remove the done-file.',
  },
  NO_DONE_FILE: {
    meaning: 'The job requires a done-file, and the dropped file has none.',
    nextStep:
      'Have the program that writes it add the done-file, or add it by hand once you know that the file is complete.',
  },
  SAME_CONTENT: {
    meaning: 'A file with exactly this content was imported before.',
    nextStep:
      'Rows to fix are in the rejects file of that run. To import the same content again, give the job "sameContent": "import".',
  },
  STOPPING: {
    meaning: 'The sweep was asked to stop.',
    nextStep: 'Nothing: the next sweep continues with the file.',
  },
  WAITS_TOO_LONG: {
    meaning: 'A file in the drop folder has been waiting for longer than the job allows.',
    nextStep:
      'Ask whoever writes it, copy it again, or remove it. A text file whose last line has no line end needs "lastLineEnd": "optional".',
  },
} as const satisfies CodeTable;
