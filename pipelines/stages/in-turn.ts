/**
 * Makes pieces of work with the same name wait for each other, in the order in which they were asked for; work without
 * a name, or with one that nobody else has, does not wait.
 */
export function inTurn(): (name: string | undefined, work: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return async (name, work) => {
    if (name === undefined) return work();
    const before = last.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    last.set(name, mine);
    try {
      await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
