import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { customerLines, fast, header, keyedMapping, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A window title, a colour, a cleared screen, the one-character CSI, a carriage return, a reversed text, a bell. */
const hostile = '\u001b]0;owned\u0007\u001b[31mred\u001b[2J\u009b1mbold\rover\u202egnp\u2066x\u0008\u007f';
const obeyed = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** The sandbox, which refuses each new customer in hostile words. */
async function openHostileApi(api: Sandbox): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const isAdd = incoming.method === 'POST' && incoming.url?.endsWith('/customers') === true;
    if (isAdd) {
      incoming.resume();
      const error = { failureDescription: `Not accepted: ${hostile}`, errors: [{ field: hostile, message: hostile }] };
      outgoing.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(error));
      return;
    }
    const { method, url, headers } = incoming;
    const forwarded = request({ port: api.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`;
}

it('hostile texts in files, names, customers and answers reach no terminal and no log as they are', async () => {
  const api = await place.openApi();
  writeMapping(place, keyedMapping);
  const quoted = `"${hostile}"`;
  place.write('known.csv', `${header}\nC-9,${quoted},0800,a@example.com,1\n`);
  const rows = [
    `C-1,${quoted},${quoted},${quoted},${quoted}`,
    `${quoted},Name,0800,b@example.com,2`,
    `C-2,${quoted},0800,c@example.com,3`,
    // Without ordinary text the file would not be taken for text.
    ...customerLines(40).map((line) => `N${line},${'ordinary '.repeat(8)}`),
  ];
  const file = `in ${hostile}.csv`;
  place.write(file, `${header},${quoted}\n${rows.map((row) => `${row},${quoted}`).join('\n')}\n`);
  place.write('drop/.keep', '');
  place.write(`drop/${file}`, place.read(file));
  place.write(
    `mapping${hostile}.json`,
    JSON.stringify({ ...keyedMapping, fields: { customerName: hostile, [hostile]: 'Name' } }),
  );
  place.write('wrong.json', JSON.stringify({ ...keyedMapping, fields: { ...keyedMapping.fields, notes: hostile } }));
  const baseUrl = await openHostileApi(api);
  const env = { MYPOS_CONNECT_BASE_URL: baseUrl };
  const outputs: [string, string][] = [];
  const run = async (args: readonly string[], environment: Readonly<Record<string, string>> = env) => {
    const { stdout, stderr, killedBy } = await place.run(args, { env: environment });
    expect(killedBy).toBe(null);
    outputs.push([args.join(' '), stdout + stderr]);
    expect(stderr).not.toContain('Bug in');
  };
  // The sandbox's own address: this customer is accepted.
  await run(['import', 'known.csv', ...fast, '--all-new'], {});
  await run(['check', file, '--columns', '--duplicates']);
  await run(['check', file, '--mapping', 'wrong.json']);
  await run(['check', `no ${hostile}.csv`, '--json']);
  await run(['mapping', 'suggest', file, '--output', 'suggested.json']);
  await run(['mapping', 'check', '--mapping', `mapping${hostile}.json`]);
  await run(['compare', file, ...fast]);
  await run(['list', ...fast]);
  await run(['get', hostile, ...fast]);
  await run(['doctor', '--profile', hostile]);
  for (const json of [[], ['--json']]) {
    await run(['plan', file, ...fast, ...json]);
    await run(['duplicates', file, '--account', ...fast, ...json]);
    await run(['import', file, ...fast, '--all-new', '--verbose', '--max-failures', '100%', ...json]);
    await run(['runs', ...json]);
  }
  const sweep = ['sweep', 'drop', ...fast, '--quiet-for', '0.05', '--settle', '0'];
  await run([...sweep, '--log-file', 'log.txt']);
  place.write(`drop/again ${file}`, `${place.read(file)}\n`);
  await run([...sweep, '--log-format', 'json', '--log-file', 'log.json', '--json']);
  await run([hostile]);
  await run(['check', file, `--${hostile}`]);
  outputs.push(['log', place.read('log.txt')], ['JSON log', place.read('log.json')]);
  for (const [command, output] of outputs) expect(obeyed.exec(output)?.input.slice(0, 2000), command).toBe(undefined);
  // The texts did come through.
  const shown = outputs.map(([, output]) => output).join('');
  expect(shown).toContain('\\x1b]0;owned');
  expect(shown).toContain('\\u009b1mbold');
  expect(shown).toContain('Not accepted');
});
