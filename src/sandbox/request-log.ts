/** One request to the API, side door excluded. */
export interface LoggedRequest {
  /** When it arrived: milliseconds of the Unix epoch with a fraction, never running backwards. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** What the client saw; `pending` as long as it waits. */
  readonly status: number | 'pending' | 'reset' | 'close' | 'cut' | 'hang';
  /** Names of the faults that struck, joined by `+`. */
  readonly fault?: string;
}

/** An entry whose end is not known yet. */
export type OpenRequest = { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] };

/** The latest requests, in order of arrival. */
export interface RequestLog {
  open(method: string, path: string): OpenRequest;
  entries(): LoggedRequest[];
  clear(): void;
}

/** @param capacity - how many requests are kept; the oldest go first */
export function requestLog(capacity: number): RequestLog {
  let entries: OpenRequest[] = [];
  return {
    open(method, path) {
      const entry: OpenRequest = { at: performance.timeOrigin + performance.now(), method, path, status: 'pending' };
      entries.push(entry);
      // Cutting at twice the capacity makes the cost per request constant.
      if (entries.length >= capacity * 2) entries = entries.slice(-capacity);
      return entry;
    },
    entries: () => entries.slice(-capacity),
    clear() {
      entries = [];
    },
  };
}
