import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A mail as the server got it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text, with quoted-printable resolved. */
  readonly text: string;
  readonly encrypted: boolean;
}

export interface MailServerOptions {
  /** Who may send; without it, everybody may. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Offers STARTTLS. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** A receiver that it does not know. */
  readonly unknown?: string;
}

/** A mail server on loopback that keeps what it gets (RFC 5321, with AUTH PLAIN and STARTTLS). */
export interface MailServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  close(): void;
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    talk(socket, options, mails);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function talk(socket: Socket, options: MailServerOptions, mails: ReceivedMail[], encrypted = false): void {
  const reply = (line: string) => socket.write(`${line}\r\n`);
  let pending = '';
  let data: string | undefined;
  let from = '';
  let to: string[] = [];
  let isLoggedIn = options.login === undefined;
  const commands: readonly (readonly [RegExp, (found: RegExpExecArray) => void])[] = [
    [
      /^EHLO/i,
      () => {
        reply('250-mail.example.com');
        if (options.certificate !== undefined && !encrypted) reply('250-STARTTLS');
        if (options.login !== undefined) reply('250-AUTH PLAIN');
        reply('250 8BITMIME');
      },
    ],
    [/^HELO/i, () => reply('250 mail.example.com')],
    [
      /^STARTTLS/i,
      () => {
        if (options.certificate === undefined) return void reply('502 No');
        socket.removeAllListeners('data');
        reply('220 Go ahead');
        const secure = new TLSSocket(socket, { isServer: true, ...options.certificate });
        secure.on('error', () => undefined);
        talk(secure, options, mails, true);
      },
    ],
    [
      /^AUTH PLAIN (.+)$/i,
      ([, token = '']) => {
        const [, username, password] = Buffer.from(token, 'base64').toString().split('\0');
        isLoggedIn = username === options.login?.username && password === options.login?.password;
        reply(isLoggedIn ? '235 Welcome' : '535 5.7.8 Who are you');
      },
    ],
    [
      /^MAIL FROM:<([^>]*)>/i,
      ([, address = '']) => {
        from = address;
        reply(isLoggedIn ? '250 OK' : '530 Log in first');
      },
    ],
    [
      /^RCPT TO:<([^>]*)>/i,
      ([, address = '']) => {
        if (address === options.unknown) return void reply('550 No such person');
        to.push(address);
        reply('250 OK');
      },
    ],
    [
      /^DATA/i,
      () => {
        data = '';
        reply('354 Go on');
      },
    ],
    [/^QUIT/i, () => socket.end('221 Bye\r\n')],
  ];
  const take = (line: string) => {
    if (data === undefined) {
      for (const [pattern, act] of commands) {
        const found = pattern.exec(line);
        if (found !== null) return act(found);
      }
      return void reply('500 What');
    }
    if (line !== '.') {
      data += `${line.replace(/^\.\./, '.')}\n`;
      return;
    }
    mails.push({ from, to, text: decode(data), encrypted });
    data = undefined;
    to = [];
    reply('250 Taken');
  };
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending += String(chunk);
    const lines = pending.split('\r\n');
    pending = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  if (!encrypted) reply('220 mail.example.com');
}

function decode(text: string): string {
  return text
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
