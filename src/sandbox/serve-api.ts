import { setTimeout as pause } from 'node:timers/promises';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import { type ApiResponse, type Call, type CallKind, errorResponse, jsonContentType } from './call.js';
import { type ApiParts, handleCall } from './customers-api.js';
import { type FaultPlan, injectFault, type TriggeredFaults, type WireAction } from './inject-fault.js';
import type { CommitGroup } from './sandbox-database.js';
import type { ServerClock } from './server-clock.js';

/** One request to the API, without the admin API. */
export interface LoggedRequest {
  /** When it arrived: milliseconds of the Unix epoch with a fraction, never running backwards. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** What the client saw; `pending` as long as it waits. */
  readonly status: number | 'pending' | 'reset' | 'close' | 'cut' | 'hang';
  /** Names of the faults that were triggered, joined by `+`. */
  readonly fault?: string;
}

/** An entry whose end is not known yet. */
type OpenRequest = { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] };

/** The latest requests, in order of arrival. */
export interface RequestLog {
  open(method: string, path: string): OpenRequest;
  entries(): LoggedRequest[];
  clear(): void;
}

/** @param capacity - how many requests are kept; the oldest go first */
export function createRequestLog(capacity: number): RequestLog {
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

type BuildHeaders = (response: ApiResponse) => Record<string, string>;

/** Does to the client's connection what was decided. */
function respond(reply: FastifyReply, action: WireAction, clock: ServerClock): void {
  const buildHeaders: BuildHeaders = (response) => ({
    date: clock.httpDate(),
    ...(response.body !== undefined && { 'content-type': jsonContentType }),
    ...response.headers,
  });
  if (action.do === 'send') {
    const { status, body } = action.response;
    reply.code(status).headers(buildHeaders(action.response)).send(body);
    return;
  }
  // From here on Fastify must not answer by itself.
  reply.hijack();
  const socket = reply.raw.socket;
  if (action.do === 'reset') socket?.resetAndDestroy();
  else if (action.do === 'close') socket?.destroySoon();
  else if (action.do === 'cut') cut(reply, action.response, buildHeaders);
}

/** Announces the whole body and closes the connection in the middle of it; without a body, in the middle of the status line. */
function cut({ raw }: FastifyReply, response: ApiResponse, buildHeaders: BuildHeaders): void {
  const closeConnection = () => raw.socket?.destroySoon();
  if (!response.body) {
    raw.socket?.write(`HTTP/1.1 ${response.status}`, closeConnection);
    return;
  }
  const body = Buffer.from(response.body);
  raw.writeHead(response.status, { ...buildHeaders(response), 'content-length': body.length });
  raw.write(body.subarray(0, Math.floor(body.length / 2)), closeConnection);
}

export const basePath = '/api/v2';

/** What the routes need; the plan is asked for anew because it can be replaced at run time. */
interface ServedApi {
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
      handler: (request, reply) => serve(readCall(kind as CallKind, request), request, reply, served),
    });
}

/** A request without a fault is answered in the same turn of the event loop: that is what a load test measures. */
function serve(call: Call, request: FastifyRequest, reply: FastifyReply, served: ServedApi): void {
  const { parts, log, plan } = served;
  const entry = log.open(request.method, request.url);
  const faults = plan().trigger(call);
  if (faults !== undefined) {
    entry.fault = faults.names;
    void serveWithFaults(faults, call, entry, reply, served);
    return;
  }
  finish(reply, entry, served, () => ({ do: 'send', response: handleCall(call, parts) }));
}

async function serveWithFaults(
  { delayBeforeMs, delayAfterMs, fault }: TriggeredFaults,
  call: Call,
  entry: OpenRequest,
  reply: FastifyReply,
  served: ServedApi,
): Promise<void> {
  const { parts, stopping } = served;
  try {
    if (delayBeforeMs > 0) await pause(delayBeforeMs, undefined, { signal: stopping });
    const action = decideSafely(() =>
      fault === undefined ? { do: 'send', response: handleCall(call, parts) } : injectFault(fault, call, parts),
    );
    if (delayAfterMs > 0) await pause(delayAfterMs, undefined, { signal: stopping });
    finish(reply, entry, served, () => action);
  } catch {
    // Only the stopping server interrupts a pause, and it has closed the connection already.
    reply.hijack();
  }
}

function finish(reply: FastifyReply, entry: OpenRequest, { parts, group }: ServedApi, decide: () => WireAction): void {
  const decided = decideSafely(decide);
  group.whenDurable((failure) => {
    const action = failure === undefined ? decided : sandboxFailure(failure);
    entry.status = action.do === 'send' ? action.response.status : action.do;
    respond(reply, action, parts.clock);
  });
}

function decideSafely(decide: () => WireAction): WireAction {
  try {
    return decide();
  } catch (error) {
    return sandboxFailure(error);
  }
}

/** A failing disk or a bug of ours looks to the client as it would at the vendor's. */
function sandboxFailure(error: unknown): WireAction {
  return { do: 'send', response: errorResponse(500, `Internal error of the sandbox: ${String(error)}`) };
}

function readCall(kind: CallKind, request: FastifyRequest): Call {
  return {
    kind,
    identifier: (request.params as { identifier?: string }).identifier ?? '',
    query: request.query as Record<string, unknown>,
    bodyText: typeof request.body === 'string' ? request.body : '',
    contentType: request.headers['content-type'],
    authorization: request.headers.authorization,
  };
}

const bodyLimitBytes = 1024 * 1024;

/** The web server without routes: bodies arrive as text, and every refusal has the one error shape. */
export function createServer(clock: ServerClock, log: RequestLog): FastifyInstance {
  const refuse = (request: FastifyRequest, reply: FastifyReply, response: ApiResponse) => {
    if (request.url.startsWith(basePath)) log.open(request.method, request.url).status = response.status;
    respond(reply, { do: 'send', response }, clock);
  };
  const refuseError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
    refuse(request, reply, errorResponse(error.statusCode ?? 500, error.message));

  const server = fastify({
    bodyLimit: bodyLimitBytes,
    exposeHeadRoutes: false,
    // A client that hangs or keeps its connection must not keep the sandbox from stopping.
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => refuseError(error, request as FastifyRequest, reply as FastifyReply),
  });
  // JSON is parsed by the API itself, which has its own words for what is wrong with it.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setErrorHandler<FastifyError>(refuseError);
  server.setNotFoundHandler((request, reply) =>
    refuse(request, reply, errorResponse(404, `There is no ${request.method} ${request.url.split('?')[0]} here.`)),
  );
  return server;
}
