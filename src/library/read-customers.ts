import type { Customer } from '#pipelines/customer.js';
import type { CustomerPage, ListQuery } from '#pipelines/ports.js';
import { tokensPerDay } from '#src/api/token-store.js';
import type { Settings } from '#src/config/settings.js';
import { RunStoppedError } from '#src/errors.js';
import { connect } from './connect.js';

/** One page of the API's list. @throws LoginError, RunStoppedError, UsageError */
export async function listCustomers(settings: Settings, query: ListQuery, signal: AbortSignal): Promise<CustomerPage> {
  const connection = await connect(settings, signal);
  try {
    return await connection.client.list(query);
  } finally {
    await connection.close();
  }
}

export interface FoundCustomers {
  readonly customers: readonly Customer[];
  /** Ids or codes that the API does not know. */
  readonly absent: readonly string[];
}

/** Full customers by id or code, in the order asked for. @throws LoginError, RunStoppedError */
export async function getCustomers(
  settings: Settings,
  idsOrCodes: readonly string[],
  signal: AbortSignal,
): Promise<FoundCustomers> {
  const connection = await connect(settings, signal);
  try {
    const answers = await Promise.all(
      idsOrCodes.map(async (wanted) => ({ wanted, answer: await connection.client.get(wanted) })),
    );
    const customers: Customer[] = [];
    const absent: string[] = [];
    for (const { wanted, answer } of answers) {
      if (answer.kind === 'found') customers.push(answer.customer);
      else if (answer.kind === 'absent') absent.push(wanted);
      else
        throw new RunStoppedError(`The customer ${wanted} could not be read: ${answer.message}`, {
          code: 'CUSTOMER_UNANSWERED',
          nextStep: 'Try again later.',
        });
    }
    return { customers, absent };
  } finally {
    await connection.close();
  }
}

export interface LoginDone {
  readonly baseUrl: string;
  readonly login: string;
  /** Of this UTC day, all processes that share the state folder together. */
  readonly tokensToday: number;
  readonly tokensPerDay: number;
  /** A ready access token is configured: there was nothing to log in with. */
  readonly tokenGiven: boolean;
}

/** Logs in anew, also when there is a good token, and caches what comes. @throws LoginError, RunStoppedError */
export async function login(settings: Settings, signal: AbortSignal): Promise<LoginDone> {
  const connection = await connect(settings, signal);
  try {
    await connection.client.loginAnew();
    return {
      ...connection.tenant,
      tokensToday: connection.ledger.tokens.usedToday(Date.now()),
      tokensPerDay: tokensPerDay.hard,
      tokenGiven: !settings.sandbox.value && settings.accessToken.value !== undefined,
    };
  } finally {
    await connection.close();
  }
}
