/** Work that is begun and not waited for at once. */
export interface LeftBehind {
  /** @throws the first error of what was left before, so that its maker stops, too */
  leave(work: Promise<void>): void;
  /** Waits for all of it. @throws the first error */
  end(): Promise<void>;
}

export function leftBehind(): LeftBehind {
  const errors: unknown[] = [];
  let underWay = 0;
  let wake = () => {};
  const done = () => {
    underWay -= 1;
    wake();
  };
  const failed = (error: unknown) => {
    errors.push(error);
    done();
  };
  return {
    leave(work) {
      underWay += 1;
      void work.then(done, failed);
      if (errors.length > 0) throw errors[0];
    },
    async end() {
      while (underWay > 0) await new Promise<void>((resolve) => (wake = resolve));
      if (errors.length > 0) throw errors[0];
    },
  };
}
