import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * Room for young objects beyond which more of it makes nothing faster here, in bytes: half of it is in use at a time. V8
 * would go on to twice as much, a sixth of what an export takes in all.
 */
const enoughRoom = 16 << 20;
const lookEveryMs = 10;

/**
 * By so much of what is in use the heap may grow before V8 looks for garbage in all of it. It would wait until the heap is
 * several times as large, and an import makes little that lasts, but much that lasts for a moment.
 */
const growingPercent = 50;

/**
 * Keeps the process small: old objects are looked through sooner, and the room that V8 gives to young ones stays where it is
 * once there is enough of it. V8 has an option for the most of that, which it reads before any program begins; by how much
 * heap and room grow it reads each time.
 */
export function spareMemory(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (young === undefined || young.space_size < enoughRoom) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs);
  timer.unref();
}
