import { randomBytes } from 'node:crypto';

/** Sortable by time, short enough to type, and not guessable from another machine's clock. */
export function timedName(atMs: number): string {
  const [date, time] = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${date}-${time?.slice(0, 6)}-${randomBytes(2).toString('hex')}`;
}
