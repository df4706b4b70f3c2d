import { spawnSync } from 'node:child_process';
import type { Contender } from './benchmark.js';

/** What it reads is of interest, not what it prints: runs a program and measures it, which Node cannot for its children. */
const measure = `
import json, resource, subprocess, sys, time
start = time.time()
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"count": int(sys.argv[1]), "seconds": time.time() - start,
  "cpuSeconds": used.ru_utime + used.ru_stime, "peakMiB": used.ru_maxrss / 1024}))
`;

const python = '/usr/bin/python3';

/** A program of somebody else's that does such work, where it is installed. */
export function otherProgram<Input extends { readonly rows: number }>(
  program: string,
  argumentsFor: (input: Input) => readonly string[],
): Contender<Input> {
  return {
    isHere: () => [python, program].every((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0),
    command: (input) => [python, '-c', measure, String(input.rows), program, ...argumentsFor(input)],
  };
}
