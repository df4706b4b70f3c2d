import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type DropFolder, dropFolder } from '../inbox/drop-folder.js';
import { doneMonth } from '../inbox/use-inbox.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const preload = `--import ${pathToFileURL(resolve('test/inbox/kill-at.mjs')).href}`;

function sweepUntil(folder: DropFolder, moment: string) {
  return folder.sweep([], { env: { NODE_OPTIONS: preload, KILL_AT: moment } });
}

function everythingDone(files: number): readonly string[] {
  return Array.from({ length: files }, (_, index) => `${doneMonth()}/file-${index + 1}`).flatMap((stem) => [
    `${stem}.csv`,
    `${stem}.results.csv`,
  ]);
}

describe('a sweep that is killed', () => {
  it.each([
    'after-claim-note',
    'after-claim:2',
    'after-intent:2',
    'after-answer:2',
    'during-outcome-commit:5',
    'during-result-file',
    'before-archive',
    'during-archive',
    'during-archive:2',
    'after-archive',
  ])('at %s and swept again has imported each file exactly once', async (moment) => {
    const folder = await dropFolder(place);
    for (const number of [1, 2]) folder.drop(`file-${number}.csv`, 3 * number - 2, 3);
    expect((await sweepUntil(folder, moment)).killedBy).toBe('SIGKILL');
    const { exitCode, stderr } = await folder.sweep();
    expect(exitCode, stderr).toBe(0);
    folder.expectCustomers(6);
    expect(folder.files()).toEqual(everythingDone(2));
  });

  it('at random moments, again and again, has imported each file exactly once', async () => {
    const folder = await dropFolder(place);
    for (const number of [1, 2, 3]) folder.drop(`file-${number}.csv`, 6 * number - 5, 6);
    const seed = Date.now() % 1000;
    for (let round = 0; round < 5; round += 1) {
      const moment = 2 + ((seed * 7 + round * 13) % 19);
      const { killedBy, exitCode } = await sweepUntil(folder, `any:${moment}`);
      expect(killedBy ?? exitCode, `seed ${seed}, round ${round}`).toSatisfy(
        (end: unknown) => end === 'SIGKILL' || end === 0,
      );
    }
    const { exitCode, stderr } = await folder.sweep();
    expect(exitCode, `seed ${seed}: ${stderr}`).toBe(0);
    folder.expectCustomers(18);
    expect(folder.files()).toEqual(everythingDone(3));
  });
});
