import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Fault } from '#src/sandbox/fault.js';
import { seededRandom } from '#src/sandbox/inject-fault.js';
import {
  expectSameAsUndisturbed,
  importArgs,
  importUntilDone,
  type Outcome,
  openCrashWorkspace,
  readOutcome,
  type Scenario,
  scenarios,
} from './crash-workspace.js';
import type { Kill } from './kill-at.js';
import { type RemoteSandbox, startRemoteSandbox } from './remote-sandbox.js';

// CRASH_SEEDS=1-1000 npm run test:crash; with CRASH_RATE=unlimited, as fast as the machine can.
const [first = 1, last = 50] = (process.env.CRASH_SEEDS ?? '1-50').split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** How often each fault happens, in percent of the requests that it applies to. */
const faultShares: readonly (readonly [fault: Fault, percent: number])[] = [
  [{ name: '429', retryAfterSeconds: 0 }, 3],
  [{ name: 'reset' }, 1.5],
  [{ name: 'reset-after-commit', on: 'add' }, 3],
  [{ name: 'reset-after-commit', on: 'update' }, 3],
  [{ name: 'close-after-commit' }, 0.5],
  [{ name: '503' }, 1],
  [{ name: '503-after-commit', on: 'add' }, 1],
  [{ name: 'hang', on: 'add' }, 0.3],
  [{ name: 'hang-after-commit', on: 'add' }, 0.3],
  [{ name: 'cut' }, 1],
  [{ name: 'non-json', on: 'add' }, 0.5],
  [{ name: 'expire' }, 0.3],
];
const maxRequests = 2000;

/** Drawn by the seed: the sandbox's own random faults are the same after every reset. */
function drawFaults(random: () => number): Fault[] {
  return faultShares.map(([fault, percent]) => {
    const nth = Array.from({ length: maxRequests }, (_, index) => index + 1);
    return { ...fault, when: { nth: nth.filter(() => random() * 100 < percent) } };
  });
}

/** Moments of some 300 rows; one beyond the last is a run that is not killed. */
const maxMoments = 2200;

function drawKills(random: () => number): Kill[] {
  const count = 1 + Math.floor(random() * 2.5);
  return Array.from({ length: count }, () => `any:${1 + Math.floor(random() * maxMoments)}` as Kill);
}

const folder = mkdtempSync(join(tmpdir(), 'mypos-seeds-'));
const lanes: Promise<RemoteSandbox>[] = [];
const undisturbed = new Map<Scenario, Outcome>();

/** As many as run at once: each test has a sandbox to itself. */
const laneCount = 3;

async function inLane(work: (sandbox: RemoteSandbox) => Promise<void>): Promise<void> {
  const lane = lanes.shift();
  if (lane === undefined) throw new Error('More tests at once than sandboxes.');
  try {
    await work(await lane);
  } finally {
    lanes.push(lane);
  }
}

async function begin(sandbox: RemoteSandbox, scenario: Scenario) {
  await sandbox.setFaults([]);
  await sandbox.reset();
  const workspace = openCrashWorkspace(sandbox, scenario);
  if (scenario.before !== undefined) {
    workspace.write('before.csv', scenario.before);
    await workspace.run(['import', 'before.csv', '--mode', 'add']);
  }
  return workspace;
}

beforeAll(async () => {
  for (let lane = 0; lane < laneCount; lane += 1) lanes.push(startRemoteSandbox(folder));
  await inLane(async (sandbox) => {
    for (const scenario of scenarios) {
      const workspace = await begin(sandbox, scenario);
      await workspace.run(importArgs);
      undisturbed.set(scenario, await readOutcome(workspace, sandbox));
      workspace.end();
    }
  });
}, 60_000);

afterAll(async () => {
  for (const lane of lanes) await (await lane).close();
  rmSync(folder, { recursive: true, force: true });
});

describe('300 rows, an API that fails and a process that is killed, resumed until done, end like an undisturbed import', () => {
  it.concurrent.each(seeds)('seed %i', async (seed) => {
    const scenario = scenarios[seed % scenarios.length];
    if (scenario === undefined) throw new Error('There is no scenario.');
    await inLane(async (sandbox) => {
      const random = seededRandom(seed);
      const workspace = await begin(sandbox, scenario);
      await sandbox.setFaults(drawFaults(random));
      await importUntilDone(workspace, sandbox, drawKills(random));
      await expectSameAsUndisturbed(workspace, sandbox, undisturbed.get(scenario) ?? { customers: [], rows: [] });
      workspace.end();
    });
  });
});
