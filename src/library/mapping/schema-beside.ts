import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CustomFields } from '#pipelines/mapping/customer-fields.js';
import { mappingSchema, mappingSchemaTitle } from '#pipelines/mapping/mapping-schema.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { readableJson } from './readable-json.js';

const schemaName = 'mappings.schema.json';

/**
 * Puts the schema beside a mapping, where its `$schema` points, so that editors complete and explain.
 *
 * @param customFields - the client's own fields, which editors shall complete, too
 * @returns its path; `undefined` when a file of that name is somebody else's and stays
 */
export async function writeSchemaBeside(mapping: string, customFields: CustomFields = {}): Promise<string | undefined> {
  const path = join(dirname(mapping), schemaName);
  if (existsSync(path) && !isOurs(path)) return undefined;
  await writeWhole(path, readableJson(mappingSchema(customFields)));
  return path;
}

/** Writes a file that appears only when whole. @throws UsageError */
export async function writeWhole(path: string, text: string, mode?: number): Promise<void> {
  const file = await beginAtomicFile(path, mode);
  try {
    await file.handle.writeFile(text);
    await file.commit();
  } finally {
    await file.discard();
  }
}

function isOurs(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { title?: unknown }).title === mappingSchemaTitle;
  } catch {
    return false;
  }
}
