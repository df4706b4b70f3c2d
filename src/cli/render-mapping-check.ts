import type { MappingCheck, MappingFinding } from '#src/library/mapping/check-mapping.js';

/** What was found in a mapping, in the form that editors and terminals make links of. */
export function renderMappingCheck(check: MappingCheck): string {
  const { mapping, findings, sample, live, schema } = check;
  const problems = findings.filter(({ code }) => code !== 'NO_WAY_BACK');
  const lost = findings.filter(({ code }) => code === 'NO_WAY_BACK');
  return [
    ...problems.map((finding) => findingLine(mapping, finding)),
    ...(lost.length === 0 ? [] : ['What an export cannot bring back:', ...lost.map(({ message }) => `  ${message}`)]),
    ...(sample === null ? [] : [triedLine(sample, problems)]),
    ...(live === null ? [] : [`Compared with ${live.customers} customers of the API.`]),
    ...(schema === null ? [] : [`Schema: ${schema}`]),
    `${mapping}: ${verdict(problems)}`,
  ].join('\n');
}

/** With errors, only what is left of the mapping could be tried. */
function triedLine(
  { rows, invalidRows }: NonNullable<MappingCheck['sample']>,
  found: readonly MappingFinding[],
): string {
  const isPart = found.some(({ severity }) => severity === 'error');
  return `Tried${isPart ? ' what is right of it' : ''} on ${rows} rows: ${invalidRows} would be invalid.`;
}

function findingLine(mapping: string, { line, column, severity, path, code, message }: MappingFinding): string {
  const place = path === '' ? '' : `${path}: `;
  return `${mapping}:${line}:${column} ${severity}: ${place}${message} [${code}]`;
}

function verdict(problems: readonly MappingFinding[]): string {
  const count = (severity: string) => problems.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (errors > 0) return `${counted(errors, 'error')}, ${counted(warnings, 'warning')}; it cannot be used.`;
  return warnings > 0 ? `no errors, ${counted(warnings, 'warning')}.` : 'no errors.';
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
