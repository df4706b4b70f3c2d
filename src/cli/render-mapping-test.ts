import type { JsonValue } from '#pipelines/customer.js';
import type { Difference } from '#src/library/mapping/run-mapping-case.js';
import type { CaseResult, MappingTestRun } from '#src/library/mapping/test-mapping.js';

/** What became of the cases of a mapping; those that passed are counted, the others shown. */
export function renderMappingTest({ cases, passed, failed, mappings }: MappingTestRun): string {
  const failures = cases.filter((one) => !one.passed);
  return [...failures.flatMap(failureLines), `${mappings.join(', ')}: ${passed} passed, ${failed} failed.`].join('\n');
}

function failureLines({ file, line, name, differences }: CaseResult): readonly string[] {
  return [`${file}:${line} ${name}`, ...differences.flatMap(differenceLines), ''];
}

/** Expected above actual, so that the eye can compare them sign by sign. */
function differenceLines({ what, expected, actual }: Difference): readonly string[] {
  if (what.startsWith('row,')) return [`  ${what}: ${String(actual)}`];
  return [`  ${what}`, `    expected ${shown(expected)}`, `    actual   ${shown(actual)}`];
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
