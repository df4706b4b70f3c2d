import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type CrashWorkspace,
  expectSameAsUndisturbed,
  importArgs,
  type Outcome,
  openCrashWorkspace,
  readOutcome,
  resumeArgs,
  type Scenario,
  scenarios,
} from './crash-workspace.js';
import type { Kill } from './kill-at.js';
import { type RemoteSandbox, startRemoteSandbox } from './remote-sandbox.js';

const folder = mkdtempSync(join(tmpdir(), 'mypos-kill-'));
let sandbox: RemoteSandbox;
let scene: CrashWorkspace;

beforeAll(async () => {
  sandbox = await startRemoteSandbox(folder);
});
beforeEach(async () => {
  await sandbox.setFaults([]);
  await sandbox.reset();
});
afterEach(() => scene.end());
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Enough for repeats and rows that cannot be mapped. */
const short: readonly Scenario[] = scenarios
  .filter(({ name }) => name === 'with a key' || name === 'without a key')
  .map((flavour) => ({ ...flavour, lines: flavour.lines.slice(0, 60) }));

const known = new Map<Scenario, Outcome>();

async function importInPeace(flavour: Scenario): Promise<Outcome> {
  const before = known.get(flavour);
  if (before !== undefined) return before;
  const undisturbed = openCrashWorkspace(sandbox, flavour);
  await undisturbed.run(importArgs);
  const outcome = await readOutcome(undisturbed, sandbox);
  undisturbed.end();
  await sandbox.reset();
  known.set(flavour, outcome);
  return outcome;
}

/** Killed with a row on its way: the next process must find out what became of it. */
const moments: readonly Kill[] = [
  'before-intent:5',
  'after-intent:5',
  'before-send:5',
  'after-send:5',
  'answer-begins:5',
  'after-answer:5',
  'during-outcome-commit:5',
  'during-commit:1',
  'during-commit:6',
  'during-result-file:1',
];

describe.each(short)('an import $name that is killed', (flavour) => {
  it.each(moments)('at %s ends as in peace once it is resumed', async (moment) => {
    const peace = await importInPeace(flavour);
    scene = openCrashWorkspace(sandbox, flavour);
    const killed = await scene.run(importArgs, moment);
    expect(killed.killedBy).toBe('SIGKILL');
    const resumed = await scene.run(resumeArgs);
    // Some rows of the file are invalid on purpose.
    expect([resumed.killedBy, resumed.exitCode]).toEqual([null, 4]);
    await expectSameAsUndisturbed(scene, sandbox, peace);
  });

  it('twice, the second time while its doubts are settled, ends as in peace', async () => {
    const peace = await importInPeace(flavour);
    scene = openCrashWorkspace(sandbox, flavour);
    const first = await scene.run(importArgs, 'after-send:20');
    const second = await scene.run(resumeArgs, 'during-outcome-commit:2');
    expect([first.killedBy, second.killedBy]).toEqual(['SIGKILL', 'SIGKILL']);
    await scene.run(resumeArgs);
    await expectSameAsUndisturbed(scene, sandbox, peace);
  });
});

describe('a request on which the API still works when the process is dead', () => {
  it('is waited for and not sent again', async () => {
    const [flavour] = short;
    if (flavour === undefined) throw new Error('There is no flavour.');
    const peace = await importInPeace(flavour);
    scene = openCrashWorkspace(sandbox, flavour);
    await sandbox.setFaults(['latency:add:nth=12:ms=1500']);
    const killed = await scene.run([...importArgs, '--timeout', '5'], 'after-send:12');
    expect(killed.killedBy).toBe('SIGKILL');
    await scene.run([...resumeArgs, '--settle', '3']);
    await expectSameAsUndisturbed(scene, sandbox, peace);
  });
});

describe('a login that is killed before its token is saved', () => {
  it('holds nobody up: the next import logs in and goes through', async () => {
    const [flavour] = short;
    if (flavour === undefined) throw new Error('There is no flavour.');
    const peace = await importInPeace(flavour);
    scene = openCrashWorkspace(sandbox, flavour);
    const killed = await scene.run(importArgs, 'during-token-save:1');
    expect(killed.killedBy).toBe('SIGKILL');
    // The claim of a process that lives is respected for a minute, which is longer than this test may take.
    await scene.run(importArgs);
    await expectSameAsUndisturbed(scene, sandbox, peace);
  });
});
