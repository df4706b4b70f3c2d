import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planFile } from '#src/app/plan/plan-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines } from '#test/e2e/customer-files.js';

const place = useTestTenant();

const base = {
  key: { column: 'No' },
  unmapped: 'ignore',
  fields: {
    customerName: 'Name',
    emailAddress: 'Email',
    active: { column: 'Limit', type: 'boolean', false: ['0'], true: ['1'] },
  },
};
const lines = (count: number) => customerLines(count).map((line) => line.replace(/,\d+$/, ',1'));
const write = (all: readonly string[]) => place.write('customers.csv', customerFile(all));

describe('a guard', () => {
  it.each<[name: string, guards: object, next: () => string, code: string]>([
    ['fewer rows', { fewerRowsPercent: 20 }, () => write(lines(7)), 'GUARD_FEWER_ROWS'],
    ['too many new', { newPercent: 10 }, () => write(lines(12)), 'GUARD_NEW'],
    [
      'too many changed',
      { changedPercent: 10 },
      () => write(lines(10).map((line, index) => (index < 2 ? line.replace('Customer', 'Client') : line))),
      'GUARD_CHANGED',
    ],
    [
      'too many made inactive',
      { deactivatedPercent: 10 },
      () => write(lines(10).map((line, index) => (index < 2 ? line.replace(/1$/, '0') : line))),
      'GUARD_DEACTIVATED',
    ],
    [
      'too many invalid',
      { invalidPercent: 10 },
      () => write(lines(10).map((line, index) => (index < 2 ? line.replace('@', '') : line))),
      'GUARD_INVALID_ROWS',
    ],
    [
      'another header',
      { header: 'same' },
      () => place.write('customers.csv', customerFile(lines(10)).replace('Post Code', 'Postcode')),
      'GUARD_HEADER',
    ],
  ])('against %s refuses the run, sends nothing, and can be overridden', async (_name, guards, next, code) => {
    const api = await place.openApi();
    place.mapping({ ...base, guards });
    write(lines(10));
    await place.import();
    next();
    const before = JSON.stringify(api.customers());
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect([planned.exitCode, planned.stopped?.code]).toEqual([8, code]);
    await expect(place.import()).rejects.toMatchObject({ code, exitCode: 8 });
    expect(JSON.stringify(api.customers())).toBe(before);
    expect((await place.import({ overrideGuards: true })).summary.status).toBe('completed');
  });

  it.each<[name: string, guards: object]>([
    ['fewer rows', { fewerRowsPercent: 20 }],
    ['new and changed ones', { newPercent: 10, changedPercent: 10, deactivatedPercent: 0, invalidPercent: 0 }],
    ['another header', { header: 'same' }],
  ])('against %s lets a file pass that is as usual, and the first one', async (_name, guards) => {
    await place.openApi();
    place.mapping({ ...base, guards });
    write(lines(10));
    expect((await place.import()).summary.counts.created).toBe(10);
    write(lines(9).map((line, index) => (index === 0 ? line.replace('Customer', 'Client') : line)));
    if ('changedPercent' in guards) write(lines(10));
    expect((await place.import()).summary.status).toBe('completed');
  });

  it.each<[code: string, prepare: () => Promise<void>]>([
    [
      'GUARD_ENCODING',
      async () => {
        const utf8 = lines(40).map((line) => line.replace('Customer', 'Größe Müller'));
        write(utf8);
        await place.import();
        const latin1 = Buffer.from(customerFile(utf8), 'latin1');
        writeFileSync(place.path('customers.csv'), latin1);
      },
    ],
    [
      'KEY_SOURCE_CHANGED',
      async () => {
        write(lines(10));
        await place.import();
        place.mapping({ ...base, key: { column: 'No', source: 'shop-a' } });
      },
    ],
    [
      'KEYS_CHANGED',
      async () => {
        write(lines(10));
        await place.import();
        write(lines(10).map((line) => `N${line}`));
      },
    ],
  ])('that no mapping has to name, %s, is shown by a plan, too', async (code, prepare) => {
    await place.openApi();
    place.mapping(base);
    await prepare();
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect([planned.exitCode, planned.stopped?.code]).toEqual([8, code]);
    await expect(place.import()).rejects.toMatchObject({ code, exitCode: 8 });
  });

  it('can stand in a profile; the mapping goes first', async () => {
    const api = await place.openApi();
    const config = place.write(
      'config.json',
      JSON.stringify({ defaultProfile: 'shop', profiles: { shop: { guards: { invalidPercent: 0, header: 'same' } } } }),
    );
    const settings = resolveSettings({ config, baseUrl: api.baseUrl });
    expect(settings.guards).toMatchObject({ value: { invalidPercent: 0, header: 'same' } });
    place.write('config.json', JSON.stringify({ profiles: { shop: { guards: { invalidPercent: 101 } } } }));
    expect(() => resolveSettings({ config, profile: 'shop' })).toThrow(/guards\.invalidPercent: Expected a percentage/);
    place.write('config.json', JSON.stringify({ profiles: { shop: { guards: { invalid: 1 } } } }));
    expect(() => resolveSettings({ config, profile: 'shop' })).toThrow(
      /"invalid" is not a property here; did you mean "invalidPercent"/,
    );
  });
});
