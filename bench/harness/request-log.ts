/** A request as the sandbox's side door tells of it. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** What a served sandbox was asked since the last look. */
export async function takeRequests(baseUrl: string): Promise<readonly Arrival[]> {
  const door = new URL('/_sandbox/requests', baseUrl);
  const requests = (await (await fetch(door)).json()) as readonly Arrival[];
  await fetch(door, { method: 'DELETE' });
  return requests;
}
