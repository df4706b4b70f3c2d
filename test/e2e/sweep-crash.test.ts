import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { doneMonth, dropFolder } from '../inbox/drop-folder.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const preload = `--import ${pathToFileURL(resolve('test/inbox/kill-at.mjs')).href}`;

const everythingDone = [1, 2, 3].flatMap((number) => [
  `${doneMonth()}/file-${number}.csv`,
  `${doneMonth()}/file-${number}.results.csv`,
]);

describe('a sweep that is killed', () => {
  it.each([
    'after-claim-note',
    'after-claim',
    'after-claim:2',
    'before-intent:2',
    'after-intent:2',
    'after-answer:2',
    'during-outcome-commit:5',
    'during-result-file',
    'before-archive',
    'during-archive',
    'during-archive:2',
    'after-archive',
    'after-archive:3',
  ])('at %s and swept again has imported each file exactly once', async (moment) => {
    const folder = await dropFolder(place);
    for (const number of [1, 2, 3]) folder.drop(`file-${number}.csv`, 3 * number - 2, 3);
    const killed = await folder.sweep([], { env: { NODE_OPTIONS: preload, KILL_AT: moment } });
    expect(killed.killedBy).toBe('SIGKILL');
    const { exitCode, stderr } = await folder.sweep();
    expect(exitCode, stderr).toBe(0);
    folder.expectCustomers(9);
    expect(folder.files()).toEqual(everythingDone);
  });

  it('at random moments until it gets through has imported each file exactly once', async () => {
    const folder = await dropFolder(place);
    for (const number of [1, 2, 3]) folder.drop(`file-${number}.csv`, 10 * number - 9, 10);
    let seed = 7;
    let kills = 0;
    for (;;) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const running = place.start(['sweep', 'drop', '--rate', '25', '--quiet-for', '0.05', '--settle', '0']);
      const timer = setTimeout(() => running.signal('SIGKILL'), 600 + (seed % 700));
      const { killedBy, exitCode, stderr } = await running.finished;
      clearTimeout(timer);
      if (killedBy === null) {
        expect(exitCode, stderr).toBe(0);
        break;
      }
      kills += 1;
      expect(kills).toBeLessThan(30);
    }
    expect(kills).toBeGreaterThan(0);
    folder.expectCustomers(30);
    expect(folder.files()).toEqual(everythingDone);
  });
});
