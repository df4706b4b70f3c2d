import { copyFileSync, readFileSync } from 'node:fs';
import excel from 'exceljs';
import { describe, expect, it } from 'vitest';
import { type Code, codes } from '#pipelines/codes.js';
import { fast, keyedMapping, readResults, readStatuses, writeCustomers, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

/** Types a row into the first sheet, as a person does below the header. */
async function fill(path: string, values: readonly (string | number)[]): Promise<void> {
  const workbook = new excel.Workbook();
  await workbook.xlsx.readFile(path);
  values.forEach((value, index) => {
    const cell = workbook.worksheets[0]?.getCell(2, index + 1);
    if (cell !== undefined) cell.value = value;
  });
  await workbook.xlsx.writeFile(path);
}

describe('mapping suggest', () => {
  it.each([
    ['au-500.csv', 500],
    ['customers-1000.csv', 1000],
  ])('makes a mapping with which every row of %s is imported as it is', async (file, count) => {
    copyFileSync(`fixtures/samples/${file}`, place.path(file));
    const suggested = await place.run(['mapping', 'suggest', file]);
    expect(suggested).toMatchObject({ exitCode: 0 });
    expect(suggested.stdout).toContain('firstName');
    expect(place.files()).toEqual(expect.arrayContaining(['mappings.json', 'mappings.schema.json']));
    await place.openApi();
    const imported = await place.run(['import', file, ...fast, '--state-dir', 'state', '--results', 'results.csv']);
    expect(imported.exitCode).toBe(0);
    expect(readStatuses(place.read('results.csv'))).toEqual(Array.from({ length: count }, () => 'created'));
  });

  it('gives the same result twice, and asks no question without a terminal', async () => {
    place.write('q.csv', 'Ref,Name,Seen,Mail\n1,Koala,3/4/2020,a@x.example\n2,Wren,5/6/2021,b@x.example\n');
    const args = ['mapping', 'suggest', 'q.csv', '--custom-columns', '--output'];
    const first = await place.run([...args, 'a.json']);
    expect(first.stdout).toContain('"Seen": --date-order day or --date-order month');
    await place.run([...args, 'b.json']);
    expect(place.read('b.json')).toBe(place.read('a.json'));
    await place.run([...args, 'c.json', '--date-order', 'month']);
    expect(JSON.parse(place.read('c.json')).fields.cC_001).toEqual({
      column: 'Seen',
      type: 'date',
      format: 'M/D/YYYY',
    });
  });

  it('replaces a mapping only with --force', async () => {
    place.write('q.csv', 'Name\nKoala\n');
    place.write('mappings.json', 'mine');
    const refused = await place.run(['mapping', 'suggest', 'q.csv']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/mappings\.json already.*--output.*--force/s);
    expect(place.read('mappings.json')).toBe('mine');
    expect(await place.run(['mapping', 'suggest', 'q.csv', '--force'])).toMatchObject({ exitCode: 0 });
  });

  it('does not replace a schema file that another program wrote', async () => {
    place.write('q.csv', 'Name\nKoala\n');
    place.write('mappings.schema.json', '{"title":"mine"}');
    expect(await place.run(['mapping', 'suggest', 'q.csv'])).toMatchObject({ exitCode: 0 });
    expect(place.read('mappings.schema.json')).toBe('{"title":"mine"}');
  });

  it('writes nothing for a file without customers', async () => {
    place.write('prices.csv', 'SKU,Price\nA,1\n');
    const refused = await place.run(['mapping', 'suggest', 'prices.csv']);
    expect(refused).toMatchObject({ exitCode: 3 });
    expect(refused.stderr).toMatch(/no column looks like a customer field.*"SKU", "Price"/s);
    expect(place.files()).not.toContain('mappings.json');
  });

  it('prints one JSON document', async () => {
    place.write('q.csv', 'Name,Town\nKoala,Eden\n');
    const { stdout } = await place.run(['mapping', 'suggest', 'q.csv', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'q.csv',
      output: 'mappings.json',
      rows: 1,
      columns: [
        { column: 'Name', target: 'customerName', samples: ['Koala'] },
        { column: 'Town', target: 'city', confidence: 1 },
      ],
    });
  });
});

describe('mapping suggest, with a file as people keep them', () => {
  it.each([
    ['as wide as the table', (title: string) => `${title};;;`],
    ['of one cell', (title: string) => title],
  ])('finds the header below titles %s, and keeps columns in which a few values are wrong', async (_how, title) => {
    const rows = Array.from({ length: 10 }, (_, row) => `${row + 1};Firma ${row};a${row}@x.example;${row}0,50`);
    const table = ['Kd-Nr;Firma;E-Mail;Kreditlimit', ...rows, '3;Doppelt;keine;kein', ';Ohne;auch keine;1,00'];
    place.write('list.csv', `${[title('Kundenliste'), title('Stand: 1.11.'), '', ...table].join('\n')}\n`);
    const { stdout, stderr, exitCode } = await place.run(['mapping', 'suggest', 'list.csv']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Row 4 was taken as the header');
    expect(stdout).toContain(
      '"Kd-Nr" is the key: by its name; 2 of 12 rows have no value, or the same value as another row',
    );
    const { source, key, fields } = JSON.parse(place.read('mappings.json'));
    // The next file has other titles or none, and its header is found by the same names.
    expect({ source, key }).toEqual({ key: { column: 'Kd-Nr' } });
    expect(Object.keys(fields)).toEqual(['customerName', 'emailAddress', 'creditLimit']);
    expect((await place.run(['check', 'list.csv'])).stdout).toContain('check: 10 valid, 2 invalid');
    place.write('next.csv', `${table.slice(0, 11).join('\n')}\n`);
    expect((await place.run(['check', 'next.csv'])).stdout).toContain('check: 10 valid');
  });
});

describe('mapping check', () => {
  it('reports contradictions with the file, mistakes in the mapping itself, and missing columns together', async () => {
    place.write('a.csv', 'No,Name,Email,Limit\n1,Koala,nobody,a lot\n2,Wren,w@x.example,5\n');
    writeMapping(place, {
      version: 1,
      mode: 'add',
      fields: {
        customerName: 'Name',
        phoneNumer: 'No',
        emailAddress: 'Email',
        creditLimit: { column: 'Limit', type: 'number' },
        city: 'Town',
      },
    });
    const { stdout, exitCode } = await place.run(['mapping', 'check', 'a.csv', '--json']);
    const { findings, sample } = JSON.parse(stdout);
    expect(findings.map(({ code, path }: { code: string; path: string }) => `${code} ${path}`)).toEqual([
      'FIELD_UNKNOWN fields.phoneNumer',
      'COLUMN_MISSING fields.city',
      'VALUES_MISFIT fields.emailAddress',
      'VALUES_MISFIT fields.creditLimit',
    ]);
    expect({ exitCode, sample }).toEqual({ exitCode: 2, sample: { rows: 2, invalidRows: 1 } });
    expect((await place.run(['mapping', 'check', 'a.csv'])).stdout).toMatch(/Tested its valid part on 2 rows: 1 would/);
  });

  it('names the line and column of every mistake', async () => {
    place.write(
      'mappings.json',
      '{\n  "fields": {\n    "city": { "column": "Town", "transform": ["trm"] },\n    "tier": "Tier"\n  }\n}\n',
    );
    const checked = await place.run(['mapping', 'check']);
    expect(checked.exitCode).toBe(2);
    expect(checked.stdout).toContain('mappings.json:3:47 error: fields.city.transform[0]: There is no transform "trm"');
    expect(checked.stdout).toContain('mappings.json:4:5 error: fields.tier: The customer has no field "tier"');
    expect(checked.stdout).toContain('2 errors');
  });

  it('tries the mapping on a file, and says what an export cannot reverse', async () => {
    writeCustomers(place, 3, {
      ...keyedMapping,
      fields: { ...keyedMapping.fields, creditLimit: { column: 'Name', type: 'number' } },
    });
    const checked = await place.run(['mapping', 'check', 'customers.csv', '--json']);
    const { findings, sample, exitCode } = JSON.parse(checked.stdout);
    expect({ sample, exitCode }).toEqual({ sample: { rows: 3, invalidRows: 3 }, exitCode: 0 });
    expect(findings.map(({ severity, code, path }: Record<string, string>) => `${severity} ${code} ${path}`)).toEqual([
      'warning COLUMN_UNUSED ',
      'warning VALUES_MISFIT fields.creditLimit',
      'note KEY_ALONE key',
      'note NO_WAY_BACK key',
      'note NO_WAY_BACK fields.creditLimit',
    ]);
    expect(findings.every(({ line, column }: { line: number; column: number }) => line > 0 && column > 0)).toBe(true);
  });

  it('offers the nearest column', async () => {
    writeCustomers(place, 1, { ...keyedMapping, fields: { ...keyedMapping.fields, emailAddress: 'E-Mail' } });
    const checked = await place.run(['mapping', 'check', 'customers.csv']);
    expect(checked).toMatchObject({ exitCode: 2 });
    expect(checked.stdout).toContain('did you mean "Email"?');
  });

  it('finds the fields that the API really has, and puts them into the schema', async () => {
    const fields = { ...keyedMapping.fields, loyaltyTier: 'Limit' };
    await place.openApi();
    writeCustomers(place, 2, { ...keyedMapping, customFields: { loyaltyTier: 'string' }, fields });
    await place.run(['import', 'customers.csv', ...fast, '--state-dir', 'state', '--results', 'results.csv']);
    writeMapping(place, { ...keyedMapping, fields });
    const checked = await place.run(['mapping', 'check', '--live', '--write-schema', '--json', '--state-dir', 'state']);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      exitCode: 2,
      live: { customers: 2, customFields: { loyaltyTier: 'string' } },
      findings: [{ code: 'FIELD_UNKNOWN', message: expect.stringContaining('add {"loyaltyTier":"string"} to') }],
      schema: 'mappings.schema.json',
    });
    expect(JSON.parse(place.read('mappings.schema.json')).properties.fields.properties).toHaveProperty('loyaltyTier');
  });
});

describe('mapping template', () => {
  it('makes a workbook that can be imported when it is filled', async () => {
    writeMapping(place, keyedMapping);
    const result = await place.run(['mapping', 'template', 'empty.xlsx']);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain('sheet "Customers" with the 5 columns');
    await fill(place.path('empty.xlsx'), ['0042', 'Koala', '0810', 'a@x.example', 12.5]);
    const { exitCode, stdout } = await place.run(['check', 'empty.xlsx']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('1 valid, 0 invalid') });
  });

  it.each([
    ['another kind of file', 'empty.csv', /does not end in \.xlsx/],
    ['a file that is there', 'mine.xlsx', /mine\.xlsx already.*--force/s],
  ])('refuses %s', async (_title, file, says) => {
    writeMapping(place, keyedMapping);
    place.write('mine.xlsx', 'mine');
    const refused = await place.run(['mapping', 'template', file]);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toMatch(says);
    expect(place.read('mine.xlsx')).toBe('mine');
  });
});

describe('mapping test', () => {
  const good = {
    name: 'a good row',
    row: { No: '1', Name: 'Koala', 'Post Code': 810, Email: 'A@X.EXAMPLE' },
    customer: { customerName: 'Koala', postalCode: '810', emailAddress: 'A@x.example' },
    key: '1',
  };
  const wrong = {
    name: 'a bad limit',
    row: { No: '1', Name: 'K', Limit: 'x' },
    errors: [{ code: 'NOT_A_NUMBER', column: 'Limit' }],
  };

  function writeCases(...cases: readonly object[]) {
    writeMapping(place, keyedMapping);
    place.write('customers.mapping-test.json', JSON.stringify({ cases }, null, 2));
  }

  it.each([
    ['a name without quotes', '{a:1}', '1:2 is not valid JSON: a is not JSON'],
    ['nothing', '', '1:1 is not valid JSON: the file ends'],
  ])('refuses a file of cases that has %s', async (_title, text, says) => {
    writeMapping(place, keyedMapping);
    place.write('customers.mapping-test.json', text);
    const { exitCode, stderr } = await place.run(['mapping', 'test']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr).toContain('[MAPPING_TEST_NOT_JSON]');
  });

  it('reads a mapping and cases with comments and trailing commas', async () => {
    writeCases(good);
    const commented = (name: string) =>
      place.write(name, `// of the shop\n${place.read(name).trimEnd().replace(/\}$/, ',}')}`);
    commented('mappings.json');
    commented('customers.mapping-test.json');
    expect(await place.run(['mapping', 'test'])).toMatchObject({ exitCode: 0 });
  });

  it('passes when every row gives the expected customer', async () => {
    writeCases(good, wrong);
    const run = await place.run(['mapping', 'test']);
    expect(run).toMatchObject({ exitCode: 0, stdout: 'mappings.json: 2 passed, 0 failed.\n' });
  });

  it('shows each difference, expected above actual, and exits with 4', async () => {
    writeCases(
      { ...good, customer: { ...good.customer, postalCode: '0810', city: 'Eden' }, key: '2' },
      { ...wrong, errors: ['EMAIL_INVALID'] },
      { name: 'a column of old', row: { No: '1', Nmae: 'Koala' }, customer: {} },
    );
    const { exitCode, stdout } = await place.run(['mapping', 'test']);
    expect(exitCode).toBe(4);
    expect(stdout).toContain(
      'customers.mapping-test.json:3 a good row\n  postalCode\n    expected "0810"\n    actual   "810"\n',
    );
    expect(stdout).toContain(
      '  city\n    expected "Eden"\n    actual   nothing\n  key\n    expected "2"\n    actual   "1"\n',
    );
    expect(stdout).toContain(
      '  error\n    expected "EMAIL_INVALID"\n    actual   nothing\n  error\n    expected nothing\n',
    );
    expect(stdout).toContain('row, column "Nmae": the mapping has no such column; did you mean "Name"?');
    expect(stdout).toContain('0 passed, 3 failed');
  });

  it.each([
    ['no cases at all', undefined, /no file \*\.mapping-test\.json/],
    ['a case without an outcome', { cases: [{ row: {} }] }, /:3:5 cases\[0\] needs either "customer" or "errors"/],
    [
      'an unknown property',
      { cases: [{ ...good, custmer: {} }] },
      /cases\[0\]\.custmer is unknown; did you mean "customer"/,
    ],
  ])('refuses %s', async (_title, json, says) => {
    writeMapping(place, keyedMapping);
    if (json !== undefined) place.write('x.mapping-test.json', JSON.stringify(json, null, 2));
    const refused = await place.run(['mapping', 'test']);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toMatch(says);
  });
});

describe('a lookup in a file', () => {
  const mapping = {
    ...keyedMapping,
    fields: { customerName: 'Name', region: { column: 'Post Code', lookup: 'states.csv' } },
  };

  it('is read from the folder of the mapping', async () => {
    writeCustomers(place, 2, mapping);
    place.write('states.csv', '\uFEFFpost code;state\r\n0800;NT\r\n0801;"NT; again"\r\n');
    await place.openApi();
    await place.run(['import', 'customers.csv', ...fast, '--state-dir', 'state', '--results', 'results.csv']);
    const codes = readResults(place.read('results.csv')).map((row) => row._customerCode ?? '');
    const { stdout } = await place.run(['get', ...codes, '--json', '--state-dir', 'state']);
    expect([...stdout.matchAll(/"region": "([^"]*)"/g)].map(([, region]) => region)).toEqual(['NT', 'NT; again']);
  });

  it.each([
    ['is not there', undefined, /no file states\.csv next to the mapping/],
    ['has one column', 'a\nb\n', /needs two columns/],
    ['says two things of one text', 'a,b\n0800,NT\n0800,SA\n', /lists "0800" as "NT" and as "SA"/],
    ['is not in UTF-8', Buffer.from('a,b\n1,Zoë\n', 'latin1'), /not in UTF-8; save it as "CSV UTF-8"/],
  ])('is refused when the file %s', async (_title, content, says) => {
    writeCustomers(place, 1, mapping);
    if (content !== undefined) place.write('states.csv', content);
    const checked = await place.run(['check', 'customers.csv']);
    expect(checked).toMatchObject({ exitCode: 2 });
    expect(checked.stderr).toMatch(says);
  });
});

describe('check with --columns', () => {
  it('says what each column holds', async () => {
    writeCustomers(place, 20);
    const { stdout, exitCode } = await place.run(['check', 'customers.csv', '--columns']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Post Code.*100%.*20.*4.*digits.*all different/);
    const { stdout: json } = await place.run(['check', 'customers.csv', '--json']);
    expect(JSON.parse(json).columns[3]).toMatchObject({
      column: 'Email',
      rows: 20,
      filled: 20,
      kinds: { 'e-mail': 20 },
    });
  });
});

describe('the command group', () => {
  it('offers the nearest of its commands', async () => {
    const { exitCode, stderr } = await place.run(['mapping', 'sugest', 'x.csv']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean "suggest"?');
  });

  it('is complete in the published package', () => {
    expect(JSON.parse(readFileSync('package.json', 'utf8')).files).toContain('schemas');
  });
});

const page = readFileSync('docs/mapping-commands.md', 'utf8');

/** Files that the page shows, by their name. */
const files = [...page.matchAll(/```(?:csv|json) ([\w.-]+)\n(.*?)```/gs)].map(
  ([, name = '', content = '']) => [name, content] as const,
);

/** The commands of the page, in its order. */
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.trim().split('\n'));

describe('the page about the mapping commands', () => {
  it('shows commands that all work, in its order', async () => {
    expect(commands.length).toBeGreaterThanOrEqual(7);
    for (const [name, content] of files) place.write(name, content);
    for (const command of commands) {
      const [program, ...args] = command.split(' ');
      expect(program).toBe('mypos-customers');
      const { exitCode, stderr } = await place.run([...args, '--state-dir', 'state']);
      expect({ command, exitCode, stderr }).toMatchObject({ command, exitCode: 0 });
    }
    expect(place.files()).toContain('empty.xlsx');
  });

  it('explains codes as the table of codes does', () => {
    // Words of other tables, such as NEW, have no underscore and are no codes.
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].filter(
      ([, name = '']) => name.includes('_') || Object.hasOwn(codes, name),
    );
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.map(([, code, meaning]) => [code, meaning])).toEqual(
      rows.map(([, code]) => [code, codes[code as Code]?.meaning]),
    );
  });

  it.each(['output', 'force', 'custom-columns', 'date-order', 'decimal', 'yes', 'live', 'write-schema', 'columns'])(
    'explains --%s',
    (option) => {
      expect(page).toContain(`--${option}`);
    },
  );
});
