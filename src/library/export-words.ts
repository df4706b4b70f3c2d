import type { ListQuery } from '#pipelines/ports.js';

export type SortOrder = NonNullable<ListQuery['sort']>;

/** An ISO time with its zone; a day alone is its start, UTC. @returns `undefined` for anything else */
export function parseIsoTime(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** `field` or `field:desc`. @returns `undefined` for anything else */
export function parseSortOrder(text: string): SortOrder | undefined {
  const parts = /^(\w+)(?::(asc|desc))?$/i.exec(text);
  if (parts?.[1] === undefined) return undefined;
  return { field: parts[1], descending: parts[2]?.toLowerCase() === 'desc' };
}
