import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertOfConfiguration } from '#src/app/alerts/command-alerts.js';
import { checkSilentJobs } from '#src/app/alerts/test-targets.js';
import { runExportJob } from '#src/app/export/export-job.js';
import { findJob } from '#src/config/jobs.js';
import { useReceivers } from '#test/alerts/receivers.js';
import { buildLines, useInbox } from '#test/inbox/use-inbox.js';

const inbox = useInbox();
const receivers = useReceivers();

const configFile = () => inbox.path('mypos-customers.json');
const stateDir = () => inbox.path('state');

function configure(url: string, job: object = {}): object {
  const nightly = { folder: 'drop', mapping: 'mappings.json', notify: 'hook', ...job };
  // The inbox writes its jobs only.
  inbox.configure({ nightly });
  const config = {
    notify: { hook: { kind: 'webhook', url } },
    jobs: { nightly, out: { kind: 'export', output: 'out.csv', notify: ['hook'], force: true } },
  };
  writeFileSync(configFile(), JSON.stringify(config));
  return config;
}

/** As if everything had come so many hours earlier. */
function turnBack(hours: number): void {
  const folder = join(stateDir(), 'alerts');
  for (const name of readdirSync(folder)) {
    const page = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    page.state.cameMs -= hours * 3_600_000;
    writeFileSync(join(folder, name), JSON.stringify(page));
  }
}

const list = (bodies: readonly Record<string, unknown>[]) =>
  bodies.map(({ alert, subject, file }) => [alert, subject, ...(file === undefined ? [] : [file])]);

describe('the alerts of a job', () => {
  it('come once for files that fail alike, and once when a file goes well again', async () => {
    const { url, bodies } = await receivers.openService();
    configure(url);
    for (const [name, content] of [
      ['a.csv', buildLines(1, 1)],
      ['b.csv', 'Foo\n1\n'],
      ['c.csv', 'Foo\n2\n'],
      ['d.csv', `${buildLines(2, 1)}C-9,Bad,0800,bad@example.com,much\n`],
      ['e.csv', buildLines(3, 1)],
    ] as const) {
      inbox.drop(name, content);
      await inbox.sweep();
    }
    expect(list(bodies)).toEqual([
      ['failure', 'job nightly', 'b.csv'],
      ['failure', 'job nightly', 'd.csv'],
      ['recovery', 'job nightly', 'e.csv'],
    ]);
    expect(bodies[1]).toMatchObject({ event: 'alert', exitCode: 4, counts: { created: 1, invalid: 1 } });
    expect(bodies[1]?.text).not.toContain('bad@example.com');
  });

  it('come for a row that waits for a decision once, and for another one again', async () => {
    const { url, bodies } = await receivers.openService();
    configure(url);
    const { openClient } = await import('#test/sandbox/sandbox-client.js');
    const client = await openClient(inbox.api);
    await client.add({ customerName: 'Somebody', emailAddress: 'c0001@example.com' });
    inbox.drop('a.csv', buildLines(1, 3));
    await inbox.sweep();
    inbox.drop('b.csv', buildLines(1, 4));
    await inbox.sweep();
    expect(list(bodies)).toEqual([['failure', 'job nightly', 'a.csv']]);
  });

  it('come for a folder that is gone, and when it is back without any file', async () => {
    const { url, bodies } = await receivers.openService();
    configure(url);
    await inbox.sweep();
    renameSync(inbox.path(), inbox.path('gone'));
    for (const _ of [1, 2]) await expect(inbox.sweep()).rejects.toMatchObject({ exitCode: 3 });
    renameSync(inbox.path('gone'), inbox.path());
    await inbox.sweep();
    expect(list(bodies)).toEqual([
      ['failure', 'job nightly'],
      ['recovery', 'job nightly'],
    ]);
  });

  it('come for a mapping that is gone, whether or not there is a file', async () => {
    const { url, bodies } = await receivers.openService();
    configure(url, { mapping: 'gone.json' });
    await inbox.sweep();
    await inbox.sweep();
    expect(list(bodies)).toEqual([['failure', 'job nightly']]);
    expect(bodies[0]?.text).toContain('gone.json');
  });

  it('come when nothing has come for 26 hours; those of an export by notify check', async () => {
    const { url, bodies } = await receivers.openService();
    configure(url);
    const settings = { config: configFile(), stateDir: stateDir(), baseUrl: inbox.api.baseUrl, rate: 'unlimited' };
    const job = findJob(configFile(), 'out');
    if (job.kind !== 'export') throw new Error('It is an export.');
    const runExport = () => runExportJob({ job, settings }, () => undefined);
    await inbox.sweep();
    await runExport();
    turnBack(25);
    expect(await checkSilentJobs(settings)).toMatchObject({ exitCode: 0, jobs: ['nightly', 'out'], errors: [] });
    expect(bodies).toEqual([]);
    turnBack(2);
    await inbox.sweep();
    for (const _ of [1, 2]) await checkSilentJobs(settings);
    await runExport();
    inbox.drop('a.csv', buildLines(1, 1));
    await inbox.sweep();
    expect(list(bodies)).toEqual([
      ['silence', 'job nightly'],
      ['silence', 'job out'],
      ['recovery', 'job out'],
      ['recovery', 'job nightly', 'a.csv'],
    ]);
  });

  it('that were not taken are an error in the log, and are sent by the next sweep', async () => {
    const { url, bodies } = await receivers.openService();
    configure('http://127.0.0.1:1/hook');
    inbox.drop('a.csv', 'Foo\n1\n');
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'failed', exitCode: 2 });
    expect(inbox.log.find(({ event }) => event === 'notify-failed')).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/^job nightly: No alert could be sent to hook: .*could not be reached/),
    });
    configure(url);
    await inbox.sweep();
    expect(list(bodies)).toEqual([['failure', 'job nightly', 'a.csv']]);
  });
});

describe('an error in the configuration file', () => {
  const run = () =>
    alertOfConfiguration(
      { config: configFile(), stateDir: stateDir() },
      'nightly',
      () => undefined,
      async () => findJob(configFile(), 'nightly'),
    );

  it('is alerted once, however often the job is tried, and when it is gone', async () => {
    const { url, bodies } = await receivers.openService();
    configure(url, { maping: 'x' });
    for (const _ of [1, 2]) await expect(run()).rejects.toThrow('maping');
    configure(url);
    await run();
    await run();
    expect(list(bodies)).toEqual([
      ['failure', 'job nightly'],
      ['recovery', 'job nightly'],
    ]);
    expect(bodies[0]?.text).toContain('jobs.nightly.maping');
  });

  it.each([
    ['text that is no JSON', (text: string) => `${text.slice(0, -2)}`],
    ['a second comma', (text: string) => text.replace(',', ',,')],
    ['a profile that is wrong', (text: string) => text.replace('{', '{"profiles":[],"defaultProfile":"a",')],
    ['an unknown key', (text: string) => text.replace('"jobs"', '"job"')],
  ])('is alerted for %s', async (_, damage) => {
    const { url, bodies } = await receivers.openService();
    writeFileSync(configFile(), damage(JSON.stringify(configure(url))));
    await expect(
      alertOfConfiguration(
        { config: configFile(), stateDir: stateDir() },
        'nightly',
        () => undefined,
        async () => {
          findJob(configFile(), 'nightly');
          const { resolveSettings } = await import('#src/config/resolve-settings.js');
          return resolveSettings({ config: configFile() });
        },
      ),
    ).rejects.toMatchObject({ exitCode: 2 });
    expect(list(bodies)).toEqual([['failure', 'job nightly']]);
  });
});
