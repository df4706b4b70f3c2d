/** Work that is begun and not waited for at once. */
export interface LeftBehind {
  /** @throws the first error of what was left before, so that its maker stops, too */
  leave(work: Promise<void>): void;
  /** Waits for all of it. @throws the first error */
  end(): Promise<void>;
}

export function leftBehind(): LeftBehind {
  const underWay = new Set<Promise<void>>();
  const errors: unknown[] = [];
  return {
    leave(work) {
      const watched = work
        .catch((error: unknown) => {
          errors.push(error);
        })
        .finally(() => underWay.delete(watched));
      underWay.add(watched);
      if (errors.length > 0) throw errors[0];
    },
    async end() {
      await Promise.all(underWay);
      if (errors.length > 0) throw errors[0];
    },
  };
}
