import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { readMappingFile } from '#src/library/mapping-file.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { type MappingTestFile, readMappingTest } from './mapping-test-file.js';
import { type Difference, runMappingCase } from './run-mapping-case.js';

const ending = '.mapping-test.json';

export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  readonly differences: readonly Difference[];
}

export interface MappingTestRun {
  /** The mappings tested, in order. */
  readonly mappings: readonly string[];
  readonly exitCode: ExitCode;
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly CaseResult[];
}

/**
 * Runs the cases beside a mapping.
 *
 * @param files - files of cases; without any, all `*.mapping-test.json` in the folder of the mapping
 * @throws UsageError for a mapping or a file of cases that is wrong, and when there is none
 */
export async function testMapping(settings: Settings, files: readonly string[]): Promise<MappingTestRun> {
  const tests = filesToRun(settings.mapping.value, files).map(readMappingTest);
  const cases: CaseResult[] = [];
  const mappings = new Set<string>();
  for (const test of tests) {
    const path = mappingOf(test, settings);
    mappings.add(path);
    cases.push(...(await runFile(test, path)));
  }
  const failed = cases.filter(({ passed }) => !passed).length;
  return {
    mappings: [...mappings],
    exitCode: failed > 0 ? exitCodes.someRowsFailed : exitCodes.done,
    passed: cases.length - failed,
    failed,
    cases,
  };
}

async function runFile({ path, cases }: MappingTestFile, mappingPath: string): Promise<readonly CaseResult[]> {
  const { mapping } = readMappingFile(mappingPath);
  const validate = createDraftValidator(mapping.customFields);
  const results: CaseResult[] = [];
  for (const one of cases) {
    const differences = await runMappingCase(one, mapping, validate);
    results.push({ file: path, line: one.line, name: one.name, passed: differences.length === 0, differences });
  }
  return results;
}

/** What the option says goes first: the same cases for another mapping. */
function mappingOf({ path, mapping }: MappingTestFile, settings: Settings): string {
  const isChosen = settings.mapping.origin.startsWith('option');
  return mapping === undefined || isChosen ? settings.mapping.value : join(dirname(path), mapping);
}

function filesToRun(mapping: string, files: readonly string[]): readonly string[] {
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new UsageError(`There is no file ${missing}.`, { code: 'MAPPING_TEST_MISSING', nextStep: 'Check its name.' });
  if (files.length > 0) return files;
  const folder = dirname(mapping);
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
  if (found.length > 0) return found.sort().map((name) => join(folder, name));
  throw new UsageError(`There is no file *${ending} in ${resolve(folder)}.`, {
    code: 'MAPPING_TEST_MISSING',
    nextStep: `Write one, e.g. customers${ending}: { "cases": [{ "row": { "Company": "Koala" }, "customer": { "customerName": "Koala" } }] }`,
  });
}
