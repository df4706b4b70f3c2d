/** What a sweep or an export job can have to say; the names are stable, for whoever searches logs. */
export type SweepEvent =
  | 'sweep-started'
  | 'sweep-ended'
  | 'folder-unusable'
  | 'file-ignored'
  | 'file-waits'
  | 'file-claimed'
  | 'file-resumed'
  | 'run-started'
  | 'notice'
  | 'file-done'
  | 'file-failed'
  | 'file-duplicate'
  | 'file-kept'
  | 'file-returned'
  | 'claim-elsewhere'
  | 'export-started'
  | 'export-done'
  | 'export-failed'
  | 'export-busy'
  | 'notify-failed'
  | 'metrics-failed'
  | 'pruned';

/** One line of the log. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: SweepEvent;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export type Log = (entry: LogEntry) => void;
