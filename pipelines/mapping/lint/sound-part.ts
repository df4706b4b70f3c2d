import { propertyPath } from '#pipelines/mapping/json-path.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { MappingProblem } from '#pipelines/mapping/mapping-problem.js';

/**
 * A mapping without the parts that problems are about, so that the others can be tried all the same; for looking at a file
 * only, never for sending.
 *
 * @returns `undefined` when nothing is left to try
 */
export function soundPart(mapping: Mapping, problems: readonly Pick<MappingProblem, 'path'>[]): Mapping | undefined {
  const isSound = (path: string) => !problems.some((problem) => isWithin(problem.path, path));
  const fields = mapping.fields.filter(({ field }) => isSound(propertyPath('fields', field)));
  if (fields.length === 0) return undefined;
  const { key, command, ...rest } = mapping;
  return {
    ...rest,
    ...(key !== undefined && isSound('key') && { key }),
    ...(command !== undefined && isSound('command') && { command }),
    fields,
    ignore: mapping.ignore.filter((_, index) => isSound(`ignore[${index}]`)),
    // What the parts left out mention would count as forgotten.
    unmapped: 'ignore',
  };
}

function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[`);
}
