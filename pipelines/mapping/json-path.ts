/** The path of a property below `path`: `fields.notes`, or `fields["loyalty tier"]` for names with other signs. */
export function propertyPath(path: string, property: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(property)) return `${path}[${JSON.stringify(property)}]`;
  return path === '' ? property : `${path}.${property}`;
}
