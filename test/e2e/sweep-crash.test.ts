import { describe, expect, it } from 'vitest';
import { type Kill, killAt } from '#test/crash/kill-at.js';
import { type DropFolder, dropFolder } from '#test/inbox/drop-folder.js';
import { doneMonth } from '#test/inbox/use-inbox.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

function sweepUntil(folder: DropFolder, moment: Kill) {
  return folder.sweep([], { env: killAt(moment) });
}

function everythingDone(files: number): readonly string[] {
  return Array.from({ length: files }, (_, index) => `${doneMonth()}/file-${index + 1}`).flatMap((stem) => [
    `${stem}.csv`,
    `${stem}.results.csv`,
  ]);
}

describe('a sweep that is killed', () => {
  it.each<Kill>([
    'after-claim-note:1',
    'after-claim:2',
    'after-intent:2',
    'after-answer:2',
    'during-outcome-commit:5',
    'during-result-file:1',
    'before-archive:1',
    'during-archive:1',
    'during-archive:2',
    'after-archive:1',
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
