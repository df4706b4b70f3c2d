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
let workspace: CrashWorkspace;

beforeAll(async () => {
  sandbox = await startRemoteSandbox(folder);
});
beforeEach(async () => {
  await sandbox.setFaults([]);
  await sandbox.reset();
});
afterEach(() => workspace.end());
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Enough for repeats and rows that cannot be mapped. */
const short: readonly Scenario[] = scenarios
  .filter(({ name }) => name === 'with a key' || name === 'without a key')
  .map((scenario) => ({ ...scenario, lines: scenario.lines.slice(0, 60) }));

const known = new Map<Scenario, Outcome>();

async function importUndisturbed(scenario: Scenario): Promise<Outcome> {
  const before = known.get(scenario);
  if (before !== undefined) return before;
  const workspace = openCrashWorkspace(sandbox, scenario);
  await workspace.run(importArgs);
  const outcome = await readOutcome(workspace, sandbox);
  workspace.end();
  await sandbox.reset();
  known.set(scenario, outcome);
  return outcome;
}

/** At each of these a row is being sent: the next process must find out what became of it. */
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

describe.each(short)('an import $name that is killed', (scenario) => {
  it.each(moments)('at %s ends like an undisturbed one once it is resumed', async (moment) => {
    const undisturbed = await importUndisturbed(scenario);
    workspace = openCrashWorkspace(sandbox, scenario);
    const killed = await workspace.run(importArgs, moment);
    expect(killed.killedBy).toBe('SIGKILL');
    const resumed = await workspace.run(resumeArgs);
    // Some rows of the file are invalid on purpose.
    expect([resumed.killedBy, resumed.exitCode]).toEqual([null, 4]);
    await expectSameAsUndisturbed(workspace, sandbox, undisturbed);
  });

  it('twice, the second time while rows in doubt are settled, ends like an undisturbed one', async () => {
    const undisturbed = await importUndisturbed(scenario);
    workspace = openCrashWorkspace(sandbox, scenario);
    const first = await workspace.run(importArgs, 'after-send:20');
    const second = await workspace.run(resumeArgs, 'during-outcome-commit:2');
    expect([first.killedBy, second.killedBy]).toEqual(['SIGKILL', 'SIGKILL']);
    await workspace.run(resumeArgs);
    await expectSameAsUndisturbed(workspace, sandbox, undisturbed);
  });
});

describe('a request that the API is still processing when the process is dead', () => {
  it('is waited for and not sent again', async () => {
    const [scenario] = short;
    if (scenario === undefined) throw new Error('There is no scenario.');
    const undisturbed = await importUndisturbed(scenario);
    workspace = openCrashWorkspace(sandbox, scenario);
    await sandbox.setFaults(['latency:add:nth=12:ms=1500']);
    const killed = await workspace.run([...importArgs, '--timeout', '5'], 'after-send:12');
    expect(killed.killedBy).toBe('SIGKILL');
    await workspace.run(resumeArgs, undefined, { realWaits: true });
    await expectSameAsUndisturbed(workspace, sandbox, undisturbed);
  });
});

describe('a login that is killed before its token is saved', () => {
  it('delays nobody: the next import logs in and completes', async () => {
    const [scenario] = short;
    if (scenario === undefined) throw new Error('There is no scenario.');
    const undisturbed = await importUndisturbed(scenario);
    workspace = openCrashWorkspace(sandbox, scenario);
    const killed = await workspace.run(importArgs, 'during-token-save:1');
    expect(killed.killedBy).toBe('SIGKILL');
    // The claim of a process that lives is respected for a minute, which is longer than this test may take.
    await workspace.run(importArgs);
    await expectSameAsUndisturbed(workspace, sandbox, undisturbed);
  });
});
