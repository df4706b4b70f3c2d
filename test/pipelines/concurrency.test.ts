import { describe, expect, it } from 'vitest';
import { forEachConcurrently, KeyedQueue, mapInOrder, TaskGroup } from '#pipelines/concurrency.js';

/** A promise that the test settles. */
function createGate() {
  let open = () => {};
  let fail = (_: Error) => {};
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Lets everything that is ready run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function* numbers(count: number, perBatch = 3, onPull = (_: number) => {}) {
  for (let from = 0; from < count; from += perBatch) {
    onPull(from);
    yield Array.from({ length: Math.min(perBatch, count - from) }, (_, at) => from + at);
  }
}

const neverStopping = new AbortController().signal;

describe('forEachConcurrently', () => {
  it('works on as many items as it may, in order, and never on more', async () => {
    const gates = Array.from({ length: 7 }, createGate);
    const started: number[] = [];
    const done = forEachConcurrently(numbers(7), { concurrency: 2, maxAhead: 100, stopping: neverStopping }, (item) => {
      started.push(item);
      return gates[item]?.opened ?? Promise.resolve();
    });
    await settle();
    expect(started).toEqual([0, 1]);
    gates[1]?.open();
    await settle();
    expect(started).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    await done;
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('pulls no more of the stream than it may have unfinished', async () => {
    const gate = createGate();
    const pulled: number[] = [];
    const bounds = { concurrency: 1, maxAhead: 4, stopping: neverStopping };
    const done = forEachConcurrently(
      numbers(20, 1, (from) => pulled.push(from)),
      bounds,
      () => gate.opened,
    );
    await settle();
    expect(pulled).toEqual([0, 1, 2, 3]);
    gate.open();
    await done;
    expect(pulled).toHaveLength(20);
  });

  it('finishes what is in progress when it is to stop, and starts nothing more', async () => {
    const gate = createGate();
    const stop = new AbortController();
    const [started, finished]: [number[], number[]] = [[], []];
    const bounds = { concurrency: 2, maxAhead: 100, stopping: stop.signal };
    const done = forEachConcurrently(numbers(9), bounds, async (item) => {
      started.push(item);
      await gate.opened;
      finished.push(item);
    });
    await settle();
    stop.abort();
    gate.open();
    await done;
    expect([started, finished]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('throws the first error, after everything in progress has ended', async () => {
    const gate = createGate();
    const finished: number[] = [];
    const bounds = { concurrency: 2, maxAhead: 100, stopping: neverStopping };
    const done = forEachConcurrently(numbers(9), bounds, async (item) => {
      if (item === 0) throw new Error('first');
      await gate.opened;
      finished.push(item);
    });
    const outcome = expect(done).rejects.toThrow('first');
    await settle();
    expect(finished).toEqual([]);
    gate.open();
    await outcome;
    // Item 2 may have started in the same moment in which item 0 failed.
    expect([[1], [1, 2]]).toContainEqual(finished);
  });

  it('finishes what was started when the stream itself fails', async () => {
    const finished: number[] = [];
    async function* failing() {
      yield [1, 2];
      throw new Error('unreadable');
    }
    const bounds = { concurrency: 1, maxAhead: 100, stopping: neverStopping };
    const done = forEachConcurrently(failing(), bounds, async (item) => {
      await settle();
      finished.push(item);
    });
    await expect(done).rejects.toThrow('unreadable');
    expect(finished).toEqual([1, 2]);
  });
});

describe('mapInOrder', () => {
  it('yields in the order of the items, whichever is ready first, and leaves out nothing but undefined', async () => {
    const gate = createGate();
    const results: number[] = [];
    const reading = (async () => {
      for await (const batch of mapInOrder(numbers(4), { concurrency: 4, maxAhead: 4 }, async (item) => {
        if (item === 0) await gate.opened;
        return item === 2 ? undefined : item * 10;
      }))
        results.push(...batch);
    })();
    await settle();
    expect(results).toEqual([]);
    gate.open();
    await reading;
    expect(results).toEqual([0, 10, 30]);
  });
});

describe('a keyed queue', () => {
  it('runs tasks of one key one after the other, also after one that failed, and others at once', async () => {
    const queue = new KeyedQueue();
    const first = createGate();
    const log: string[] = [];
    const add = (key: string | undefined, name: string, wait = Promise.resolve()) =>
      queue.add(key, async () => {
        log.push(name);
        await wait;
      });
    const failing = expect(add('a', 'a1', first.opened)).rejects.toThrow('lost');
    const others = [add('a', 'a2'), add('b', 'b1'), add(undefined, 'none')];
    await settle();
    expect(log).toEqual(['a1', 'b1', 'none']);
    first.fail(new Error('lost'));
    await Promise.all([failing, ...others]);
    expect(log).toEqual(['a1', 'b1', 'none', 'a2']);
  });
});

describe('a task group', () => {
  it('waits for all of its tasks and throws the first error; no task is added after one', async () => {
    const tasks = new TaskGroup();
    const gate = createGate();
    tasks.add(gate.opened);
    tasks.add(Promise.reject(new Error('full disk')));
    await settle();
    expect(() => tasks.add(Promise.resolve())).toThrow('full disk');
    let hasJoined = false;
    const joined = expect(tasks.join().finally(() => (hasJoined = true))).rejects.toThrow('full disk');
    await settle();
    expect(hasJoined).toBe(false);
    gate.open();
    await joined;
  });
});
