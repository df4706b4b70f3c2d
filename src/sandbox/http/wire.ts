import type { FastifyReply } from 'fastify';
import { type Answer, jsonContentType } from '#src/sandbox/api/answer.js';
import type { WireAction } from '#src/sandbox/faults/strike-call.js';
import type { ServerClock } from '#src/sandbox/server-clock.js';

type HeadersOf = (answer: Answer) => Record<string, string>;

/** Does to the client's connection what was decided. */
export function act(reply: FastifyReply, action: WireAction, clock: ServerClock): void {
  const headersOf: HeadersOf = (answer) => ({
    date: clock.httpDate(),
    ...(answer.body !== undefined && { 'content-type': jsonContentType }),
    ...answer.headers,
  });
  if (action.do === 'send') {
    const { status, body } = action.answer;
    reply.code(status).headers(headersOf(action.answer)).send(body);
    return;
  }
  // From here on Fastify must not answer by itself.
  reply.hijack();
  const socket = reply.raw.socket;
  if (action.do === 'reset') socket?.resetAndDestroy();
  else if (action.do === 'close') socket?.destroySoon();
  else if (action.do === 'cut') cut(reply, action.answer, headersOf);
}

/** Promises the whole body and hangs up in the middle of it; without a body, in the middle of the status line. */
function cut({ raw }: FastifyReply, answer: Answer, headersOf: HeadersOf): void {
  const hangUp = () => raw.socket?.destroySoon();
  if (!answer.body) {
    raw.socket?.write(`HTTP/1.1 ${answer.status}`, hangUp);
    return;
  }
  const body = Buffer.from(answer.body);
  raw.writeHead(answer.status, { ...headersOf(answer), 'content-length': body.length });
  raw.write(body.subarray(0, Math.floor(body.length / 2)), hangUp);
}
