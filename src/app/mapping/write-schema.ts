import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CustomFields } from '#pipelines/mapping/fields.js';
import { buildMappingSchema, mappingSchemaTitle } from '#pipelines/mapping/schema.js';
import { writeAtomically } from '#src/files/atomic-file.js';

const maxLineWidth = 120;

/** JSON as people write it: below the first level, what fits on a line stays on one line. */
export function formatReadableJson(value: unknown): string {
  return `${formatJson(value, 0, 0)}\n`;
}

function formatJson(value: unknown, depth: number, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return `${open}${close}`;
  const named = (name: string, text: string) => (isList ? text : `${JSON.stringify(name)}: ${text}`);
  const inline = entries.map(([name, item]) => named(name, formatJson(item, depth + 1, 0))).join(', ');
  const line = isList ? `[${inline}]` : `{ ${inline} }`;
  if (depth > 0 && !inline.includes('\n') && used + depth * 2 + line.length < maxLineWidth && !isFields(value, depth))
    return line;
  const indent = '  '.repeat(depth + 1);
  const lines = entries.map(([name, item]) => `${indent}${named(name, formatJson(item, depth + 1, name.length + 4))}`);
  return `${open}\n${lines.join(',\n')}\n${'  '.repeat(depth)}${close}`;
}

/** The fields of a mapping are always written one to a line. */
function isFields(value: object, depth: number): boolean {
  return depth === 1 && !Array.isArray(value) && Object.keys(value).length > 2;
}

const schemaName = 'mappings.schema.json';

/**
 * Writes the schema next to a mapping, where its `$schema` points, for the editor's completion and explanations.
 *
 * @param customFields - the company's own fields, which editors are to complete, too
 * @returns its path; `undefined` when another file already has that name
 */
export async function writeSchemaBeside(mapping: string, customFields: CustomFields = {}): Promise<string | undefined> {
  const path = join(dirname(mapping), schemaName);
  if (existsSync(path) && !isOwnSchema(path)) return undefined;
  await writeAtomically(path, formatReadableJson(buildMappingSchema(customFields)));
  return path;
}

function isOwnSchema(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { title?: unknown }).title === mappingSchemaTitle;
  } catch {
    return false;
  }
}
