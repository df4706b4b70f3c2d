import { randomUUID } from 'node:crypto';
import { CustomersError } from '#src/errors.js';
import type { Exchanges } from './exchange.js';
import type { HttpRequest } from './http.js';

/** What the API gives rights for, each by itself [vendor]. */
export const rights = ['list', 'detail', 'add', 'update', 'delete'] as const;

export type Right = (typeof rights)[number];

export type RightFound =
  /** `httpStatus`: what the API said instead of "forbidden". */
  | { readonly kind: 'granted'; readonly httpStatus: number }
  | { readonly kind: 'missing'; readonly message: string }
  /** The question itself was taken for an order, which no API should. */
  | { readonly kind: 'obeyed'; readonly httpStatus: number }
  | { readonly kind: 'unclear'; readonly message: string };

const asJson = { 'content-type': 'application/json', accept: 'application/json' } as const;

/**
 * Requests that only a user with the right is answered otherwise than with 403, and that cannot change anything: they
 * name a customer that cannot exist, or carry a text where JSON must be.
 */
function questions(nobody: string): Readonly<Record<Right, HttpRequest>> {
  const path = `/customers/${nobody}`;
  return {
    list: { method: 'GET', path: '/customers?liPage=1&liPageSize=1&sFieldList=customerCode', headers: asJson },
    detail: { method: 'GET', path, headers: asJson },
    add: {
      method: 'POST',
      path: '/customers',
      headers: { ...asJson, 'content-type': 'text/plain' },
      body: 'A question about rights, and no customer.',
    },
    update: { method: 'PUT', path, headers: asJson, body: '{}' },
    delete: { method: 'DELETE', path, headers: asJson },
  };
}

/** Only reading may succeed. */
const mayBeAnswered: Readonly<Record<Right, boolean>> = {
  list: true,
  detail: true,
  add: false,
  update: false,
  delete: false,
};

/** Asks whether this login has a right. Never throws for what the API says. */
export async function probeRight(exchanges: Exchanges, right: Right): Promise<RightFound> {
  const request = questions(`no-customer-${randomUUID()}`)[right];
  try {
    const exchange = await exchanges.run(right, request, () => true);
    if (exchange.kind === 'in_doubt') return { kind: 'unclear', message: exchange.message };
    const httpStatus = exchange.answer.status;
    const obeyed = exchange.kind === 'answered' && !mayBeAnswered[right];
    return { kind: obeyed ? 'obeyed' : 'granted', httpStatus };
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return { kind: error.code === 'RIGHT_MISSING' ? 'missing' : 'unclear', message: error.message };
  }
}
