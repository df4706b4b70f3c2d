import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { customerLines, header, keyedMapping, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const preload = pathToFileURL(resolve('test/files/csv/throwing-csv-parse.mjs')).href;

function check(content: string) {
  writeMapping(place, keyedMapping);
  place.write('customers.csv', content);
  return place.run(['check', 'customers.csv'], { env: { NODE_OPTIONS: `--import ${preload}` } });
}

describe('with a csv-parse that throws', () => {
  const lines = customerLines(20);

  it.each([
    ['a quoted row', [...lines.slice(0, 10), (lines[10] ?? '').replace(/^([^,]*)/, '"$1"'), ...lines.slice(11)]],
    ['a quoted header', lines, header.replace(/^([^,]*)/, '"$1"')],
  ])('a CSV file with %s cannot be read', async (_what, rows, firstLine = header) => {
    const { exitCode, stderr } = await check(`${[firstLine, ...rows].join('\n')}\n`);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('csv-parse was called.');
  });

  it('a CSV file without any quotation mark can', async () => {
    expect((await check(`${[header, ...lines].join('\n')}\n`)).exitCode).toBe(0);
  });
});
