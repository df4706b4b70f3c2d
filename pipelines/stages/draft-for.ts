import { editableContent, ownName } from '#pipelines/compare-customers.js';
import type { Customer, Draft, JsonValue } from '#pipelines/customer.js';
import type { OpenWork } from '#pipelines/work.js';

/** Fields that a REPLACE leaves alone unless the row speaks of them: who the customer is, and whether still one. */
const kept: ReadonlySet<string> = new Set(['customerid', 'customercode', 'active']);

/** What a row wants of the customer as it is: a REPLACE also clears what the row says nothing about. */
export function draftFor({ command, draft }: Pick<OpenWork, 'command' | 'draft'>, current: Customer): Draft {
  if (command !== 'REPLACE') return draft;
  const wanted: Record<string, JsonValue> = {};
  // A flag cannot be empty, and an empty amount is nought.
  for (const [name, value] of Object.entries(editableContent(current)))
    if (!kept.has(name.toLowerCase()) && value !== 0 && value !== false)
      wanted[name] = typeof value === 'boolean' ? false : null;
  for (const [name, value] of Object.entries(draft)) wanted[ownName(current, name)] = value;
  return wanted;
}
