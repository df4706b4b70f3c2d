import { describe, expect, it } from 'vitest';
import { LatencyMeter } from '#src/api/traffic.js';
import { renderDonut, renderTimeChart } from '#src/results/report/charts.js';
import { html } from '#src/results/report/html.js';
import {
  customerFile,
  customerLines,
  fast,
  keyedMapping,
  writeCustomers,
  writeMapping,
} from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useWorkplace();

/** What people read in a page. @param kept - a tag that stays in it */
function readText(name: string, kept = ''): string {
  return place
    .read(name)
    .replaceAll(/<style>.*?<\/style>/gs, '')
    .replaceAll(/<[^>]+>/g, (tag) => (tag === kept ? ` ${tag} ` : ' '))
    .replaceAll(/\s+/g, ' ');
}

describe('the report of a run', () => {
  it('is written at its end, named by the summary and the history, and again on request', async () => {
    await place.openApi();
    writeCustomers(place, 3);
    const { stdout } = await place.run(['import', ...fast, 'customers.csv', '--report', 'run.html', '--json']);
    const { run, files } = JSON.parse(stdout);
    expect(files.report).toBe(place.path('run.html'));
    const shown = await place.run(['runs', 'show', run, '--report', 'again.html', '--json']);
    expect(JSON.parse(shown.stdout).files.report).toBe(place.path('run.html'));
    expect(place.read('again.html')).toBe(place.read('run.html'));
  });

  it('has no secret in it, and no value of a customer whose row was done', async () => {
    await place.openApi({ password: 'hush-hush' });
    writeCustomers(place, 3);
    const env = { MYPOS_CONNECT_PASSWORD: 'hush-hush' };
    await place.run(['import', ...fast, 'customers.csv', '--report', 'run.html'], { env });
    expect(place.read('run.html')).not.toMatch(/hush|c0001@example\.com|Customer 0001/);
    expect(place.read('run.html')).toContain('set (not shown)');
  });

  it('says what the columns hold, with no value but those that five rows share', async () => {
    await place.openApi();
    writeCustomers(place, 9);
    const lines = customerLines(9).map((line, index) => line.replace(/\d+$/, index < 5 ? '777' : '333'));
    place.write('customers.csv', customerFile(lines));
    await place.run(['import', ...fast, 'customers.csv', '--report', 'run.html']);
    const row = /<th scope="row">Limit<\/th>[\s\S]*?<\/tr>/.exec(place.read('run.html'))?.[0];
    expect(row?.replaceAll(/<[^>]+>|\s+/g, ' ').trim()).toMatch(/^Limit +100% +2 +3 +digits +777 \(5\)$/);
    expect(place.read('run.html')).not.toMatch(/333 \(|Customer 0001/);
  });

  it('says in words how the file was read', async () => {
    await place.openApi();
    writeCustomers(place, 3);
    const args = ['--header-row', '1', '--delimiter', ',', '--max-failures', '50%', '--report', 'run.html'];
    await place.run(['import', ...fast, 'customers.csv', ...args]);
    const text = place.read('run.html').replaceAll(/<[^>]+>|\s+/g, ' ');
    expect(text).toMatch(/read +header in row 1, delimiter &quot;,&quot; +the run/);
    expect(text).toMatch(/failureLimit +50% of the rows, counted from row 300/);
    expect(text).not.toMatch(/expectedColumns|force +false/);
  });

  it('says first whose customers, how it ended and what to do, with commands that can be typed as they stand', async () => {
    const api = await place.openApi();
    writeCustomers(place, 3);
    await place.run(['import', ...fast, 'customers.csv', '--report', 'good.html']);
    expect(readText('good.html')).toMatch(
      new RegExp(
        `Account ${api.username} at ${api.baseUrl} .*Everything is done\\. There is nothing to do\\..*Results`,
      ),
    );
    place.write('more.csv', customerFile([...customerLines(4), 'C-9,Nine,0800,nobody,1']));
    const args = ['--state-dir', place.path('state two'), '--report', 'bad.html'];
    await place.run(['import', ...fast, 'more.csv', '--mode', 'add', '--all-new', ...args]);
    const text = readText('bad.html');
    expect(text).toContain('Finished, but 1 row was not applied.');
    const command = /Fix the rows in the rejects file, then import it (mypos-customers import .+?) <\/code>/.exec(
      readText('bad.html', '</code>'),
    )?.[1];
    expect(command).toBe(
      `mypos-customers import ${place.path('more.rejects.csv')} --mode add --state-dir &#39;${place.path('state two')}&#39;`,
    );
  });

  it('lists rows that wait for a decision, and warnings about the input', async () => {
    const api = await place.openApi();
    writeMapping(place, keyedMapping);
    const client = await openClient(api);
    await client.add({ customerName: 'Somebody', emailAddress: 'c0001@example.com' });
    place.write('customers.csv', `${customerFile(customerLines(6))}Total,,,,5\n`);
    await place.run(['import', ...fast, 'customers.csv', '--report', 'run.html']);
    const text = readText('run.html');
    expect(text).toMatch(/Decisions about identity.*2 waits for a decision .*\[POSSIBLE_DUPLICATE\] \S+/);
    expect(text).toMatch(/Write same, new or skip .* mypos-customers import \S+customers\.review\./);
    expect(text).not.toContain('Somebody');
  });

  it('tells of all rows of a run that was stopped and resumed', async () => {
    await place.openApi();
    writeCustomers(place, 4);
    place.write('customers.csv', customerFile([...customerLines(4), 'C-9,Nine,0800,nobody,1']));
    await place.run(['import', ...fast, 'customers.csv', '--max-failures', '0', '--report', 'run.html']);
    expect(place.read('run.html')).toContain('Stopped because 1 of the first');
    await place.run(['resume', '--max-failures', '100%']);
    expect(place.read('run.html')).toMatch(/created<\/th>\s*<td class="number">4</);
    expect(place.read('run.html')).not.toContain('Stopped because');
  });

  it('says so when the input is not what it was', async () => {
    await place.openApi();
    writeCustomers(place, 3);
    const { run } = JSON.parse((await place.run(['import', ...fast, 'customers.csv', '--json'])).stdout);
    place.write('customers.csv', customerFile(customerLines(9)));
    await place.run(['runs', 'show', run, '--report', 'run.html']);
    expect(place.read('run.html')).toContain('The input or the mapping has changed since the run, or is gone.');
  });

  it('is refused before anything is sent when it could not be written', async () => {
    const api = await place.openApi();
    writeCustomers(place, 3);
    const { exitCode } = await place.run(['import', 'customers.csv', '--report', 'nowhere/run.html']);
    expect(exitCode).toBe(2);
    expect(api.customers()).toEqual([]);
  });

  it('is there for an undo and a delete, too', async () => {
    const api = await place.openApi();
    writeCustomers(place, 3);
    const { run } = JSON.parse((await place.run(['import', ...fast, 'customers.csv', '--json'])).stdout);
    const code = String(api.customers()[0]?.customerCode);
    await place.run(['delete', code, '--yes', '--report', 'delete.html']);
    await place.run(['undo', run, '--yes', '--report', 'undo.html']);
    expect(place.read('delete.html')).toMatch(/deleted<\/th>\s*<td class="number">1</);
    expect(place.read('undo.html')).toContain('Only imports have this table.');
  });
});

describe('what is written into the page', () => {
  it('is text, whatever it looks like', () => {
    expect(html`<p title="${'"><b>'}">${"<script>&'"}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;b&gt;">&lt;script&gt;&amp;&#39;</p>',
    );
  });

  it('shows a slice that is far too thin to be true', () => {
    const { text } = renderDonut(
      [
        { name: 'a', tone: 'good', count: 1_000_000 },
        { name: 'b', tone: 'fix', count: 1 },
      ],
      'x',
    );
    expect(text.match(/<path/g)).toHaveLength(2);
    expect(text).not.toContain('NaN');
  });

  it('draws a chart of nothing and of a single point without a complaint', () => {
    for (const points of [[], [[1, undefined]], [[0, 0]]] as const)
      expect(renderTimeChart([{ name: 'a', tone: 'first', points }], 'x', 'y').text).not.toMatch(
        /NaN|undefined|Infinity/,
      );
  });
});

describe('the meter of answers', () => {
  it('tells the middle and the slow end, once', () => {
    const meter = new LatencyMeter();
    for (let ms = 1; ms <= 100; ms += 1) meter.record(ms);
    expect(meter.take()).toEqual({ answers: 100, medianMs: 51, p95Ms: 96 });
    expect(meter.take()).toBeUndefined();
  });

  it('keeps no more than it needs, however many come', () => {
    const meter = new LatencyMeter();
    for (let index = 0; index < 100_000; index += 1) meter.record(index < 50_000 ? 1 : 9);
    expect(meter.take()).toEqual({ answers: 100_000, medianMs: 9, p95Ms: 9 });
  });
});
