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

// CRASH_SEEDS=1-1000 npm run test:crash; with CRASH_RATE=unlimited, intents are on disk long before their turn.
const [first = 1, last = 50] = (process.env.CRASH_SEEDS ?? '1-50').split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** How often each fault strikes, in percent of the requests that it can strike. */
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
const mostRequests = 2000;

/** Drawn anew for every seed: the sandbox's own chances are the same after every reset. */
function drawFaults(random: () => number): Fault[] {
  return faultShares.map(([fault, percent]) => {
    const nth = Array.from({ length: mostRequests }, (_, index) => index + 1);
    return { ...fault, when: { nth: nth.filter(() => random() * 100 < percent) } };
  });
}

/** Moments of some 300 rows; one beyond the last is a run that is not killed. */
const mostMoments = 2200;

function drawKills(random: () => number): Kill[] {
  const count = 1 + Math.floor(random() * 2.5);
  return Array.from({ length: count }, () => `any:${1 + Math.floor(random() * mostMoments)}` as Kill);
}

const folder = mkdtempSync(join(tmpdir(), 'mypos-seeds-'));
const lanes: Promise<RemoteSandbox>[] = [];
const peace = new Map<Scenario, Outcome>();

/** As many as the tests that run at once; each takes a sandbox for itself. */
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

async function begin(sandbox: RemoteSandbox, flavour: Scenario) {
  await sandbox.setFaults([]);
  await sandbox.reset();
  const scene = openCrashWorkspace(sandbox, flavour);
  if (flavour.before !== undefined) {
    scene.write('before.csv', flavour.before);
    await scene.run(['import', 'before.csv', '--mode', 'add']);
  }
  return scene;
}

beforeAll(async () => {
  for (let lane = 0; lane < laneCount; lane += 1) lanes.push(startRemoteSandbox(folder));
  await inLane(async (sandbox) => {
    for (const flavour of scenarios) {
      const scene = await begin(sandbox, flavour);
      await scene.run(importArgs);
      peace.set(flavour, await readOutcome(scene, sandbox));
      scene.end();
    }
  });
}, 60_000);

afterAll(async () => {
  for (const lane of lanes) await (await lane).close();
  rmSync(folder, { recursive: true, force: true });
});

describe('300 rows, an API that fails and a process that is killed, resumed until done, end as in peace', () => {
  it.concurrent.each(seeds)('seed %i', async (seed) => {
    const flavour = scenarios[seed % scenarios.length];
    if (flavour === undefined) throw new Error('There is no flavour.');
    await inLane(async (sandbox) => {
      const random = seededRandom(seed);
      const scene = await begin(sandbox, flavour);
      await sandbox.setFaults(drawFaults(random));
      await importUntilDone(scene, sandbox, drawKills(random));
      await expectSameAsUndisturbed(scene, sandbox, peace.get(flavour) ?? { customers: [], rows: [] });
      scene.end();
    });
  });
});
