import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { answerLists } from '#test/app/between.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, keyedMapping } from '#test/e2e/customer-files.js';

const place = useTestTenant();

describe('an account that looks empty because its list shows nobody', () => {
  it.each(['add', 'upsert'] as const)('gets one customer at most, and no second one by a resume (%s)', async (mode) => {
    const api = await place.openApi();
    const baseUrl = { value: await answerLists(api, async () => []), origin: 'test' } as const;
    const settings = () => ({ ...place.settings(), baseUrl });
    place.mapping({ ...keyedMapping, mode });
    place.write('customers.csv', customerFile(customerLines(5)));
    const stopped = await importFile(settings(), { file: place.path('customers.csv') });
    expect([stopped.exitCode, stopped.stopped?.code]).toEqual([5, 'LIST_NOT_WHOLE']);
    expect(api.customers()).toHaveLength(1);
    const resumed = await resumeRun(settings(), { run: stopped.run ?? '' });
    expect([resumed?.exitCode, resumed?.stopped?.code]).toEqual([5, 'LIST_NOT_WHOLE']);
    expect(api.customers()).toHaveLength(1);
  });
});
