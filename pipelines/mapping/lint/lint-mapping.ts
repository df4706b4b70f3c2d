import { columnsForExport, type LostOnExport } from '#pipelines/mapping/columns-for-export.js';
import { identityFields } from '#pipelines/mapping/customer-fields.js';
import { propertyPath } from '#pipelines/mapping/json-path.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { MappingRemark } from './mapping-remark.js';

const nameFields = ['customerName', 'firstName', 'lastName'];

/** What can be said of a mapping without any file. */
export function lintMapping(mapping: Mapping): readonly MappingRemark[] {
  const has = (names: readonly string[]) => mapping.fields.some(({ field }) => names.includes(field));
  const isIdentified = mapping.key !== undefined || mapping.match.length > 0 || has(identityFields);
  const lost = columnsForExport(mapping).cannotComeBack;
  return [
    ...(mapping.mode === 'update' || has(nameFields) ? [] : [nameUnmapped]),
    ...(mapping.mode === 'add' || isIdentified ? [] : [nothingIdentifies]),
    ...lost.map((one) => lostRemark(one, mapping)),
  ];
}

const nameUnmapped: MappingRemark = {
  code: 'NAME_UNMAPPED',
  severity: 'warning',
  path: 'fields',
  message: 'No name is mapped, and a new customer needs one; map customerName, firstName or lastName',
};

const nothingIdentifies: MappingRemark = {
  code: 'NOTHING_IDENTIFIES',
  severity: 'warning',
  path: '',
  message:
    'Nothing tells known customers from new ones, so that a second import adds all again; add a "key" or a "match"',
};

function lostRemark({ field, column, why }: LostOnExport, mapping: Mapping): MappingRemark {
  return { code: 'NO_WAY_BACK', severity: 'note', path: pathOf(field, column, mapping), message: why };
}

function pathOf(field: string | undefined, column: string | undefined, { ignore, key }: Mapping): string {
  if (field !== undefined) return propertyPath('fields', field);
  const ignored = column === undefined ? -1 : ignore.indexOf(column);
  if (ignored >= 0) return `ignore[${ignored}]`;
  return key?.columns.includes(column ?? '') ? 'key' : '';
}
