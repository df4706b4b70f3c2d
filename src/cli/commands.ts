import type { Command } from './command.js';

/** Every command, in the order in which help shows them. Each is loaded when it is wanted: most runs want one. */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./commands/init.js')).initCommand,
  import: async () => (await import('./commands/import.js')).importCommand,
  check: async () => (await import('./commands/check.js')).checkCommand,
  plan: async () => (await import('./commands/plan.js')).planCommand,
  resume: async () => (await import('./commands/resume.js')).resumeCommand,
  reconcile: async () => (await import('./commands/reconcile.js')).reconcileCommand,
  undo: async () => (await import('./commands/undo.js')).undoCommand,
  export: async () => (await import('./commands/export.js')).exportCommand,
  list: async () => (await import('./commands/list.js')).listCommand,
  get: async () => (await import('./commands/get.js')).getCommand,
  delete: async () => (await import('./commands/delete.js')).deleteCommand,
  runs: async () => (await import('./commands/runs.js')).runsCommand,
  crosswalk: async () => (await import('./commands/crosswalk.js')).crosswalkCommand,
  sweep: async () => (await import('./commands/sweep.js')).sweepCommand,
  watch: async () => (await import('./commands/watch.js')).watchCommand,
  run: async () => (await import('./commands/run.js')).runCommand,
  mapping: async () => (await import('./commands/mapping.js')).mappingCommand,
  mirror: async () => (await import('./commands/mirror.js')).mirrorCommand,
  login: async () => (await import('./commands/login.js')).loginCommand,
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand,
  sandbox: async () => (await import('./commands/sandbox.js')).sandboxCommand,
};

export const commandNames: readonly string[] = Object.keys(loaders);

/** The command of this name; all of them when it is none. */
export function loadCommands(name?: string): Promise<readonly Command[]> {
  const own = name !== undefined && Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  return Promise.all((own === undefined ? Object.values(loaders) : [own]).map((load) => load()));
}
