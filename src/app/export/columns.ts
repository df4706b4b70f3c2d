import { existsSync } from 'node:fs';
import {
  createAllFieldsLayout,
  createFieldsLayout,
  createMappingLayout,
  type ExportLayout,
  type OnAbsentFields,
} from '#pipelines/export/layout.js';
import type { Issue } from '#pipelines/issue.js';
import { findAnyFieldType } from '#pipelines/mapping/fields.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { type ReverseOptions, reverseMapping } from '#pipelines/mapping/reverse.js';
import { type MappingFile, readMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { Ledger } from '#src/ledger/open-ledger.js';

/** Which columns an export has: those of a mapping, the named fields, or all fields. */
export type ColumnSelection =
  | { readonly kind: 'mapping'; readonly mappingFile: MappingFile }
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  | { readonly kind: 'all' };

/** Asks for all fields even if there is a mapping. */
const allFieldsKeyword = 'all';

/**
 * Selects the named fields; else the columns of the mapping, if one was named or the default mapping file exists; else
 * all fields.
 *
 * @throws UsageError when the mapping cannot be used, or fields and a mapping are both named
 */
export function selectColumns(settings: Settings, fields: readonly string[] | undefined): ColumnSelection {
  const { value: path, origin } = settings.mapping;
  const isNamed = origin !== 'default';
  if (fields !== undefined && origin.startsWith('option'))
    throw new UsageError('--fields and --mapping cannot be used together: each chooses the columns.', {
      code: 'USAGE',
      nextStep: 'Leave out one of them.',
    });
  if (fields?.length === 1 && fields[0]?.toLowerCase() === allFieldsKeyword) return { kind: 'all' };
  if (fields !== undefined) return { kind: 'fields', fields: removeRepeats(fields) };
  if (isNamed || existsSync(path)) return { kind: 'mapping', mappingFile: readMappingFile(path) };
  return { kind: 'all' };
}

function removeRepeats(fields: readonly string[]): readonly string[] {
  const named = fields.filter((field) => field !== '');
  if (named.length === 0)
    throw new UsageError('--fields names no field.', {
      code: 'OPTION_VALUE',
      nextStep: 'For example: --fields customerCode,customerName,balance',
    });
  return [...new Map(named.map((field) => [field.toLowerCase(), field])).values()];
}

export interface LayoutOptions {
  /** Whether each customer's details are read. */
  readonly full: boolean;
  /** Whether the format has a date type of its own, as a workbook does. */
  readonly typedDates: boolean;
  readonly notice: (notice: Issue) => void;
}

/** Creates the layout for the selected columns, and reports what a mapping cannot convert back. */
export function createLayout(selection: ColumnSelection, ledger: Ledger, options: LayoutOptions): ExportLayout {
  const { full, typedDates, notice } = options;
  switch (selection.kind) {
    case 'all':
      return createAllFieldsLayout();
    case 'fields':
      return createFieldsLayout(selection.fields, full, refuseAbsentFields(full));
    case 'mapping': {
      const { mapping, path } = selection.mappingFile;
      const reverseOptions: ReverseOptions = {
        findKey: (customer) => ledger.findKey(String(customer.customerCode), mapping.key?.source),
        typedDates,
      };
      warnOfIrreversibleColumns(mapping, path, reverseOptions, notice);
      return createMappingLayout(mapping, reverseOptions, full, warnOfAbsentFields(mapping, full, notice));
    }
  }
}

/** A field that was asked for by name must not become a blank column, as if no customer had a value in it. */
function refuseAbsentFields(full: boolean): OnAbsentFields {
  return ([field = ''], available) => {
    if (!full && isDetailField(field))
      throw new UsageError(`${field} is only in the details of each customer, not in the API's list.`, {
        code: 'FIELD_NEEDS_FULL',
        nextStep: 'Add --full, which reads the details of every customer, or leave out the field.',
      });
    throw new UsageError(`Customers have no field "${field}": ${suggestNames(field, available)}`, {
      code: 'FIELD_UNKNOWN',
      nextStep: full ? 'Correct --fields.' : 'Correct --fields; for fields that are only in the details, add --full.',
    });
  };
}

function isDetailField(field: string): boolean {
  return findAnyFieldType(field) !== undefined || /^cC_\d+$/i.test(field);
}

/** With `"blank": "clear"`, a cell that is blank because nothing was read would clear the field at the next import. */
function warnOfAbsentFields(mapping: Mapping, full: boolean, notice: (notice: Issue) => void): OnAbsentFields {
  let isReported = false;
  return (absent) => {
    const names = absent.join(', ');
    const stamp = mapping.key?.stamp;
    if (mapping.blank === 'clear' && absent.some((field) => field !== stamp))
      throw new UsageError(
        `The API's list does not include ${names}, and in this mapping a blank cell clears a field ("blank": "clear").`,
        {
          code: 'FIELD_NEEDS_FULL',
          nextStep: 'Add --full: otherwise importing this file would clear fields that were not read.',
        },
      );
    if (isReported) return;
    isReported = true;
    const fact = full ? `No customer has ${names}` : `The API's list does not include ${names}`;
    const key =
      stamp !== undefined && absent.includes(stamp) ? ' The keys come from the crosswalk of this machine.' : '';
    const advice = full ? '' : ' Add --full to read them from the details of each customer.';
    notice({
      severity: 'warning',
      code: 'FIELDS_NOT_LISTED',
      message: `${fact}, so these columns are blank.${key}${advice}`,
    });
  };
}

function warnOfIrreversibleColumns(
  mapping: Mapping,
  path: string,
  options: ReverseOptions,
  notice: (notice: Issue) => void,
): void {
  const { losses } = reverseMapping(mapping, options);
  if (losses.length > 0) {
    const reasons = losses.map(({ why }) => `\n  - ${why}`).join('');
    notice({
      severity: 'warning',
      code: 'CANNOT_COME_BACK',
      message: `Not everything that ${path} does can be reversed:${reasons}`,
    });
  }
  const { headerRow = 1, encoding } = mapping.source;
  if (headerRow > 1)
    notice({
      severity: 'warning',
      code: 'HEADER_ROW',
      message: `The header is in row 1, but the mapping expects it in row ${headerRow}: import this file with --header-row 1.`,
    });
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding))
    notice({
      severity: 'warning',
      code: 'ENCODING',
      message: `Text files are written in UTF-8, but the mapping expects ${encoding}: import this file with --encoding utf-8.`,
    });
}
