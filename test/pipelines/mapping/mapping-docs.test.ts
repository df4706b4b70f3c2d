import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { type Code, codes } from '#pipelines/codes.js';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { customerFields } from '#pipelines/mapping/fields.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { fieldProperties, keyProperties, mappingProperties } from '#pipelines/mapping/schema.js';
import { transforms } from '#pipelines/mapping/transforms/transforms.js';
import { typeNames } from '#pipelines/mapping/types/cell-types.js';
import { dateTokens } from '#pipelines/mapping/types/date.js';
import { readingOptions } from '#pipelines/reading-options.js';

const page = readFileSync('docs/mapping.md', 'utf8');

interface Example {
  readonly mapping: string;
  readonly csv: string;
  readonly kind: string;
  readonly expected: string;
}

/** A mapping, the file that it is tried on, and what the page says comes out. */
const examples: readonly Example[] = [
  ...page.matchAll(/```json mapping\n(.*?)```\n+(?:```csv\n(.*?)```\n+)?```(json customers|text problems)\n(.*?)```/gs),
].map(([, mapping = '', csv = '', kind = '', expected = '']) => ({ mapping, csv, kind, expected }));

function problemLines({ mapping, csv }: Example): readonly string[] {
  const parsed = parseMapping(JSON.parse(mapping));
  const [columns = []]: string[][] = parse(csv);
  const result = parsed.ok ? compileMapping(parsed.mapping, columns) : parsed;
  return result.ok ? [] : result.problems.map(({ code, path, message }) => `${code} ${path} ${message}`);
}

async function customers({ mapping, csv }: Example): Promise<readonly object[]> {
  const parsed = parseMapping(JSON.parse(mapping));
  const [columns = [], ...rows]: string[][] = parse(csv);
  const result = parsed.ok ? compileMapping(parsed.mapping, columns) : parsed;
  if (!result.ok || !('compiled' in result)) throw new Error(JSON.stringify(result));
  const mapped = await result.compiled.mapAll(rows.map((cells, index) => ({ index, number: index + 2, cells })));
  return mapped.map(({ draft, reasons }) => {
    return reasons.length === 0 ? draft : { _error: reasons.map(({ message }) => message).join('\n') };
  });
}

describe('the page about the mapping', () => {
  it('has examples, and every one is found', () => {
    expect(examples).toHaveLength(page.split('```json mapping').length - 1);
  });

  it.each(examples)('is right about $mapping', async (example) => {
    if (example.kind === 'text problems') expect(problemLines(example)).toEqual(example.expected.trim().split('\n'));
    else expect(await customers(example)).toEqual(JSON.parse(example.expected));
  });

  it.each(
    Object.entries({
      ...mappingProperties,
      ...readingOptions,
      ...keyProperties,
      ...fieldProperties,
      ...dateTokens,
      ...transforms,
      ...customerFields,
    })
      .map(([name]) => name)
      .concat(typeNames)
      .filter((name) => !/^cC_00[2-9]$/.test(name)),
  )('explains %s', (name) => {
    expect(page).toMatch(new RegExp(`[\`"]${name.replace('$', '\\$')}[\`"]`));
  });

  it('explains codes as the table of codes does', () => {
    // Words of other tables, such as NEW, have no underscore and are no codes.
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].filter(
      ([, name = '']) => name.includes('_') || Object.hasOwn(codes, name),
    );
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.map(([, code, meaning]) => [code, meaning])).toEqual(
      rows.map(([, code]) => [code, codes[code as Code]?.meaning]),
    );
  });
});
