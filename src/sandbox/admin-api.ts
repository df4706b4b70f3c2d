import { createHash, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { UsageError } from '#src/errors.js';
import { errorResponse } from './call.js';
import { checkFault, type Fault, parseFaults } from './fault.js';
import type { SandboxControls } from './sandbox-controls.js';

const maxSeeded = 1_000_000;

/**
 * Serves the sandbox's own controls under `/_sandbox`.
 *
 * @param token - what a caller must show, since other users of this machine can reach the port
 */
export function serveAdminApi(server: FastifyInstance, controls: SandboxControls, token: string): void {
  server.register(
    async (door) => {
      // Browsers name the page behind a request: no web page may reach through to the sandbox.
      door.addHook('onRequest', async (request, reply) => {
        if (request.headers.origin !== undefined)
          return reply.code(403).send(errorResponse(403, 'Not for web pages.').body);
        // A page whose name has come to mean this machine sends no Origin when it reads.
        if (!isLoopback(request.hostname))
          return reply.code(403).send(errorResponse(403, 'Use the address 127.0.0.1.').body);
        if (!isEqual(request.headers.authorization ?? '', `Bearer ${token}`))
          return reply.code(401).send(errorResponse(401, 'The admin token is missing or wrong.').body);
      });
      door.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
        const status = error instanceof UsageError ? 400 : (error.statusCode ?? 500);
        return reply.code(status).type('application/json').send(errorResponse(status, error.message).body);
      });
      serveLog(door, controls);
      serveFaults(door, controls);
      serveTokens(door, controls);
      serveData(door, controls);
    },
    { prefix: '/_sandbox' },
  );
}

function isLoopback(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]', '::1'].includes(hostname.toLowerCase());
}

/** Takes the same time for every wrong text. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function serveLog(door: FastifyInstance, controls: SandboxControls): void {
  door.get('/requests', async () => controls.requests());
  door.delete('/requests', async (_request, reply) => {
    controls.clearRequests();
    return reply.code(204).send();
  });
}

function serveFaults(door: FastifyInstance, controls: SandboxControls): void {
  door.get('/faults', async () => controls.faults());
  door.put('/faults', async (request) => {
    controls.setFaults(readFaults(parseBody(request)));
    return controls.faults();
  });
}

function serveTokens(door: FastifyInstance, controls: SandboxControls): void {
  door.get('/logins', async () => controls.loginsToday());
  door.post('/tokens/expire', async (_request, reply) => {
    controls.expireTokens();
    return reply.code(204).send();
  });
}

function serveData(door: FastifyInstance, controls: SandboxControls): void {
  door.get('/customers', async (_request, reply) =>
    reply.type('application/x-ndjson').send(Readable.from(joinLines(controls.customerTexts()))),
  );
  door.post<{ Params: { code: string } }>('/customers/:code/transactions', async (request, reply) => {
    const { amount = 0 } = (parseBody(request) ?? {}) as { amount?: unknown };
    if (typeof amount !== 'number') throw usageError('amount must be a number.');
    if (controls.addTransaction(request.params.code, amount)) return reply.code(204).send();
    return reply.code(404).type('application/json').send(errorResponse(404, 'There is no such customer.').body);
  });
  door.post('/seed', async (request) => {
    const { count } = (parseBody(request) ?? {}) as { count?: unknown };
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > maxSeeded)
      throw usageError(`count must be an integer from 1 to ${maxSeeded}.`);
    await controls.seed(count);
    return { added: count };
  });
  door.post('/reset', async (_request, reply) => {
    controls.reset();
    return reply.code(204).send();
  });
}

/** Each fault as the short text or as an object. */
function readFaults(body: unknown): Fault[] {
  if (!Array.isArray(body)) throw usageError('The body must be an array of faults.');
  return body.flatMap((fault: unknown) => (typeof fault === 'string' ? parseFaults([fault]) : [checkFault(fault)]));
}

function parseBody({ body }: FastifyRequest): unknown {
  if (typeof body !== 'string' || body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    throw usageError('The body is not valid JSON.');
  }
}

function usageError(message: string): UsageError {
  return new UsageError(message, { code: 'SANDBOX_SIDE_DOOR' });
}

function* joinLines(texts: Iterable<string>): Iterable<string> {
  for (const text of texts) yield `${text}\n`;
}
