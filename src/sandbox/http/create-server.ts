import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Answer, refusal } from '#src/sandbox/api/answer.js';
import type { RequestLog } from '#src/sandbox/request-log.js';
import type { ServerClock } from '#src/sandbox/server-clock.js';
import { basePath } from './serve-api.js';
import { act } from './wire.js';

const bodyLimitBytes = 1024 * 1024;

/** The web server without routes: bodies arrive as text, and every refusal has the one error shape. */
export function createServer(clock: ServerClock, log: RequestLog): FastifyInstance {
  const refuse = (request: FastifyRequest, reply: FastifyReply, answer: Answer) => {
    if (request.url.startsWith(basePath)) log.open(request.method, request.url).status = answer.status;
    act(reply, { do: 'send', answer }, clock);
  };
  const refuseError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
    refuse(request, reply, refusal(error.statusCode ?? 500, error.message));

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
    refuse(request, reply, refusal(404, `There is no ${request.method} ${request.url.split('?')[0]} here.`)),
  );
  return server;
}
