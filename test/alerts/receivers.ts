import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { startMailServer } from './mail-server.js';

/** Those who get alerts; everything is closed after each test. */
export function useReceivers() {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  return {
    async openMailServer(...args: Parameters<typeof startMailServer>) {
      const server = await startMailServer(...args);
      closing.push(() => server.close());
      return server;
    },
    /** A service that takes JSON documents. */
    async openService() {
      const bodies: Record<string, unknown>[] = [];
      const server = createServer((request, response) => {
        let text = '';
        request.on('data', (chunk) => {
          text += String(chunk);
        });
        request.on('end', () => {
          bodies.push(JSON.parse(text));
          response.writeHead(200).end('ok');
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => server.close());
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`, bodies };
    },
  };
}

/** A target of the configuration file for a mail server on this machine. */
export function mailTarget(port: number, more: object = {}) {
  const people = { from: 'imports@example.com', to: ['office@example.com', 'it@example.com'] };
  return { kind: 'smtp', host: 'localhost', port, security: 'none', ...people, ...more };
}
