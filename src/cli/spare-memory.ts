import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * Room for young objects beyond which more of it makes nothing faster here, in bytes: half of it is in use at a time. V8
 * would go on to twice as much, a sixth of what an export takes in all.
 */
const enoughRoom = 16 << 20;
const lookEveryMs = 10;

/**
 * Keeps the room that V8 gives to young objects where it is once there is enough of it. V8 has an option for the most of it,
 * which it reads before any program begins; by how much the room grows it reads each time (a V8 that grows
 * it twofold at least takes no notice).
 */
export function spareMemory(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (young === undefined || young.space_size < enoughRoom) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs);
  timer.unref();
}
