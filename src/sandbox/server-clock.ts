/** The server's own idea of time, which a skew may set apart from the client's. */
export interface ServerClock {
  now(): Date;
  /** For the `Date` header. */
  httpDate(): string;
}

/** @param skewMs - how far the server's clock runs ahead of `now`; negative for behind */
export function serverClock(now: () => Date, skewMs: number): ServerClock {
  let second = Number.NaN;
  let text = '';
  const read = () => new Date(now().getTime() + skewMs);
  return {
    now: read,
    httpDate() {
      const date = read();
      const currentSecond = Math.floor(date.getTime() / 1000);
      // Every answer carries the header: formatting it once a second is what Node does for its own.
      if (currentSecond !== second) {
        second = currentSecond;
        text = date.toUTCString();
      }
      return text;
    },
  };
}
