import type { Command } from './command.js';
import { checkCommand } from './commands/check.js';
import { crosswalkCommand } from './commands/crosswalk.js';
import { deleteCommand } from './commands/delete.js';
import { doctorCommand } from './commands/doctor.js';
import { exportCommand } from './commands/export.js';
import { getCommand } from './commands/get.js';
import { importCommand } from './commands/import.js';
import { initCommand } from './commands/init.js';
import { listCommand } from './commands/list.js';
import { loginCommand } from './commands/login.js';
import { mappingCommand } from './commands/mapping.js';
import { mirrorCommand } from './commands/mirror.js';
import { planCommand } from './commands/plan.js';
import { reconcileCommand } from './commands/reconcile.js';
import { resumeCommand } from './commands/resume.js';
import { runCommand } from './commands/run.js';
import { runsCommand } from './commands/runs.js';
import { sandboxCommand } from './commands/sandbox.js';
import { sweepCommand } from './commands/sweep.js';
import { undoCommand } from './commands/undo.js';
import { watchCommand } from './commands/watch.js';

/** Every command, in the order in which help shows them. */
export const commands: readonly Command[] = [
  initCommand,
  importCommand,
  checkCommand,
  planCommand,
  resumeCommand,
  reconcileCommand,
  undoCommand,
  exportCommand,
  listCommand,
  getCommand,
  deleteCommand,
  runsCommand,
  crosswalkCommand,
  sweepCommand,
  watchCommand,
  runCommand,
  mappingCommand,
  mirrorCommand,
  loginCommand,
  doctorCommand,
  sandboxCommand,
];
