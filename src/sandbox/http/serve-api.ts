import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { refusal } from '#src/sandbox/api/answer.js';
import type { Call, CallKind } from '#src/sandbox/api/call.js';
import { type ApiParts, answerCall } from '#src/sandbox/api/customers-api.js';
import type { CommitGroup } from '#src/sandbox/commit-group.js';
import type { FaultPlan, Strike } from '#src/sandbox/faults/fault-plan.js';
import { strikeCall, type WireAction } from '#src/sandbox/faults/strike-call.js';
import type { OpenRequest, RequestLog } from '#src/sandbox/request-log.js';
import { act } from './wire.js';

export const basePath = '/api/v2';

/** What the routes need; the plan is asked for anew because it can be replaced at run time. */
export interface ServedApi {
  readonly parts: ApiParts;
  readonly group: CommitGroup;
  readonly log: RequestLog;
  readonly plan: () => FaultPlan;
  /** Aborts when the server stops: nobody waits for a delayed answer any more. */
  readonly stopping: AbortSignal;
}

const routes = {
  login: { method: 'POST', url: '/auth/token' },
  list: { method: 'GET', url: '/customers' },
  detail: { method: 'GET', url: '/customers/:identifier' },
  add: { method: 'POST', url: '/customers' },
  update: { method: 'PUT', url: '/customers/:identifier' },
  delete: { method: 'DELETE', url: '/customers/:identifier' },
} as const satisfies Record<CallKind, { method: HTTPMethods; url: string }>;

/** Puts the Customers API under its base path. */
export function serveApi(server: FastifyInstance, served: ServedApi): void {
  for (const [kind, { method, url }] of Object.entries(routes))
    server.route({
      method,
      url: `${basePath}${url}`,
      handler: (request, reply) => serve(callOf(kind as CallKind, request), request, reply, served),
    });
}

/** A request nobody strikes is answered in the same turn of the event loop: that is what a load test measures. */
function serve(call: Call, request: FastifyRequest, reply: FastifyReply, served: ServedApi): void {
  const { parts, log, plan } = served;
  const entry = log.open(request.method, request.url);
  const strike = plan().strike(call);
  if (strike !== undefined) {
    entry.fault = strike.names;
    void serveStruck(strike, call, entry, reply, served);
    return;
  }
  finish(reply, entry, served, () => ({ do: 'send', answer: answerCall(call, parts) }));
}

async function serveStruck(
  { delayBeforeMs, delayAfterMs, fault }: Strike,
  call: Call,
  entry: OpenRequest,
  reply: FastifyReply,
  served: ServedApi,
): Promise<void> {
  const { parts, stopping } = served;
  try {
    if (delayBeforeMs > 0) await pause(delayBeforeMs, undefined, { signal: stopping });
    const action = safely(() =>
      fault === undefined ? { do: 'send', answer: answerCall(call, parts) } : strikeCall(fault, call, parts),
    );
    if (delayAfterMs > 0) await pause(delayAfterMs, undefined, { signal: stopping });
    finish(reply, entry, served, () => action);
  } catch {
    // Only the stopping server interrupts a pause, and it has closed the connection already.
    reply.hijack();
  }
}

function finish(reply: FastifyReply, entry: OpenRequest, { parts, group }: ServedApi, decide: () => WireAction): void {
  const decided = safely(decide);
  group.whenDurable((failure) => {
    const action = failure === undefined ? decided : ownFailure(failure);
    entry.status = action.do === 'send' ? action.answer.status : action.do;
    act(reply, action, parts.clock);
  });
}

function safely(decide: () => WireAction): WireAction {
  try {
    return decide();
  } catch (error) {
    return ownFailure(error);
  }
}

/** A failing disk or a bug of ours looks to the client as it would at the vendor's. */
function ownFailure(error: unknown): WireAction {
  return { do: 'send', answer: refusal(500, `The sandbox itself failed: ${String(error)}`) };
}

function callOf(kind: CallKind, request: FastifyRequest): Call {
  return {
    kind,
    identifier: (request.params as { identifier?: string }).identifier ?? '',
    query: request.query as Record<string, unknown>,
    bodyText: typeof request.body === 'string' ? request.body : '',
    contentType: request.headers['content-type'],
    authorization: request.headers.authorization,
  };
}
