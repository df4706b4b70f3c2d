import { describe, expect, it } from 'vitest';
import { addCustomers, awkwardCustomers, awkwardMapping } from '#test/app/export/awkward-export.js';
import { fast, readResults, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

/** The rows of a result file that say anything but `unchanged`, as they are best read when a test fails. */
function changedRows(text: string): unknown[] {
  return readResults(text)
    .filter(({ _status }) => _status !== 'unchanged')
    .map(({ _status, _error, Code, Name }) => ({ _status, _error, Code, Name }));
}

describe('what was exported and is imported again', () => {
  it.each(['csv', 'xlsx', 'ndjson'])('changes no awkward customer, as %s', async (format) => {
    const api = await place.openApi();
    await addCustomers(api, awkwardCustomers());
    writeMapping(place, awkwardMapping);
    const before = api.customers();
    const exported = await place.run(['export', ...fast, '--full', `out.${format}`]);
    expect([exported.exitCode, exported.stderr]).toEqual([0, '']);
    const args = ['import', ...fast, `out.${format}`, '--json', '--results', 'results.csv'];
    const { exitCode, stdout } = await place.run(args);
    expect(changedRows(place.read('results.csv'))).toEqual([]);
    expect([exitCode, JSON.parse(stdout).counts.unchanged]).toEqual([0, before.length]);
    expect(api.customers()).toEqual(before);
  });
});
