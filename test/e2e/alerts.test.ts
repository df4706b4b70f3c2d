import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mailTarget, useReceivers } from '#test/alerts/receivers.js';
import { useAuthority } from '#test/app/doctor/company-network.js';
import { buildLines } from '#test/inbox/use-inbox.js';
import { fast, keyedMapping, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const receivers = useReceivers();

function configure(config: object): void {
  place.write('mypos-customers.json', JSON.stringify(config));
}

const subjects = (mails: readonly { readonly text: string }[]) =>
  mails.map(({ text }) => /^Subject: \[mypos-customers\] (.*) \(/m.exec(text.replaceAll('\n ', ' '))?.[1]);

const badLine = 'C-9,Bad,0800,bad@example.com,much\n';

describe('import --notify', () => {
  const importNightly = (name: string) =>
    place.run(['import', name, ...fast, '--settle', '0', '--notify', 'office', '--force', '--quiet']);

  it('sends a mail when it begins to fail and one when it works again, also of tomorrow’s file', async () => {
    const server = await receivers.openMailServer();
    const api = await place.openApi();
    writeMapping(place, keyedMapping);
    configure({ notify: { office: mailTarget(server.port) } });
    place.write('c-1201.csv', `${buildLines(1, 2)}${badLine}`);
    place.write('c-1202.csv', `${buildLines(3, 1)}${badLine}`);
    place.write('c-1203.csv', buildLines(4, 1));
    const codes = [];
    for (const name of ['c-1201.csv', 'c-1202.csv', 'c-1203.csv', 'c-1203.csv'])
      codes.push((await importNightly(name)).exitCode);
    expect(codes).toEqual([4, 4, 0, 0]);
    expect(subjects(server.mails)).toEqual(['Failed: import c-1201.csv', 'Works again: import c-1203.csv']);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'imports@example.com', to: ['office@example.com', 'it@example.com'] });
    expect(mail?.text).toContain('2 created, 1 invalid');
    expect(mail?.text).toContain('c-1201.rejects.csv');
    expect(mail?.text).toContain(`Account: ${api.username} at ${api.baseUrl}`);
    expect(mail?.text).toContain('Auto-Submitted: auto-generated');
    expect(mail?.text).not.toContain('bad@example.com');
  });

  it('says of an import that cannot start why, also of errors in the configuration file', async () => {
    const server = await receivers.openMailServer();
    await place.openApi();
    configure({ notify: { office: mailTarget(server.port) }, profiles: { shop: { rat: 5 } } });
    place.write('c.csv', buildLines(1, 1));
    expect(await importNightly('c.csv')).toMatchObject({ exitCode: 2 });
    expect(server.mails[0]?.text).toContain('mappings.json');
    const profile = ['import', 'c.csv', '--notify', 'office', '--profile', 'shop'];
    expect(await place.run(profile)).toMatchObject({ exitCode: 2 });
    expect(server.mails[1]?.text).toContain('profiles.shop.rat');
    place.write('mypos-customers.json', `${place.read('mypos-customers.json').slice(0, -1)}, `);
    expect(await place.run(profile)).toMatchObject({ exitCode: 2 });
    expect(subjects(server.mails)).toEqual(Array(2).fill('Failed: import c.csv'));
  });

  it('refuses a target that is not there, before anything is sent', async () => {
    const api = await place.openApi();
    writeMapping(place, keyedMapping);
    configure({ notify: { office: mailTarget(1) } });
    place.write('c.csv', buildLines(1, 1));
    const { exitCode, stderr } = await place.run(['import', 'c.csv', '--notify', 'ofice']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('office')]);
    expect(api.customers()).toEqual([]);
  });

  it('prints an error also with --quiet when the alert is not taken, and sends it the next time', async () => {
    await place.openApi();
    writeMapping(place, keyedMapping);
    // Nobody listens at this port.
    configure({ notify: { office: mailTarget(1) } });
    place.write('c.csv', `${buildLines(1, 1)}${badLine}`);
    const first = await importNightly('c.csv');
    expect(first.exitCode).toBe(4);
    expect(first.stderr).toMatch(/Error: No alert could be sent to office: .*could not be reached/);
    const again = await receivers.openMailServer();
    configure({ notify: { office: mailTarget(again.port) } });
    await importNightly('c.csv');
    expect(subjects(again.mails)).toEqual(['Failed: import c.csv']);
  });
});

describe('resume and export', () => {
  it('alert as well: an import that resume has finished works again', async () => {
    const { url, bodies } = await receivers.openService();
    const api = await place.openApi({ faults: [{ name: '403', on: 'add' }] });
    writeMapping(place, keyedMapping);
    configure({ notify: { hook: { kind: 'webhook', url } } });
    place.write('c.csv', buildLines(1, 3));
    await place.run(['import', 'c.csv', ...fast, '--notify', 'hook', '--settle', '0']);
    api.setFaults([]);
    await place.run(['resume', '--notify', 'hook', ...fast, '--settle', '0']);
    await place.run(['export', 'nowhere/out.csv', '--notify', 'hook', ...fast]);
    expect(bodies.map(({ alert, subject }) => [alert, subject])).toEqual([
      ['failure', 'import c.csv'],
      ['recovery', 'import c.csv'],
      ['failure', 'export out.csv'],
    ]);
    expect(bodies[0]).toMatchObject({ event: 'alert', exitCode: 6, counts: { created: 0 } });
  });
});

describe('notify test', () => {
  const authority = useAuthority();

  it('sends a test message to every target: mail with login and STARTTLS, Slack, Teams, and any webhook', async () => {
    const { folder, certificate } = authority();
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    const server = await receivers.openMailServer({
      certificate: { key: read('server.key'), cert: read('server.pem') },
      login: { username: 'imports', password: 'mail-secret' },
    });
    const services = await Promise.all([receivers.openService(), receivers.openService(), receivers.openService()]);
    const [slack, teams, webhook] = services;
    place.write('mail-password', 'mail-secret\n');
    configure({
      notify: {
        office: mailTarget(server.port, {
          security: 'starttls',
          username: 'imports',
          passwordFile: 'mail-password',
        }),
        chat: { kind: 'slack', url: slack.url },
        team: { kind: 'teams', url: teams.url },
        hook: { kind: 'webhook', url: webhook.url },
      },
    });
    const { exitCode, stdout, stderr } = await place.run(['notify', 'test', '--json'], {
      env: { NODE_EXTRA_CA_CERTS: certificate },
    });
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).targets).toEqual([
      { name: 'office', kind: 'smtp', error: null },
      { name: 'chat', kind: 'slack', error: null },
      { name: 'team', kind: 'teams', error: null },
      { name: 'hook', kind: 'webhook', error: null },
    ]);
    expect(server.mails).toMatchObject([{ encrypted: true, to: ['office@example.com', 'it@example.com'] }]);
    expect(JSON.stringify(slack.bodies)).toContain('Test message');
    expect(slack.bodies[0]).toMatchObject({ blocks: [{ type: 'header' }, { text: { type: 'plain_text' } }] });
    expect(teams.bodies[0]).toMatchObject({ attachments: [{ content: { type: 'AdaptiveCard' } }] });
    expect(webhook.bodies[0]).toMatchObject({ event: 'alert', alert: 'test' });
  });
});
