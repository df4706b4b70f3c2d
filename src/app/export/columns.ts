import { existsSync } from 'node:fs';
import {
  createAllFieldsLayout,
  createFieldsLayout,
  createMappingLayout,
  type ExportLayout,
  type OnAbsentFields,
} from '#pipelines/export/layout.js';
import { findAnyFieldType } from '#pipelines/mapping/fields.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { type ReverseOptions, reverseMapping } from '#pipelines/mapping/reverse.js';
import type { Customer } from '#pipelines/model.js';
import type { Notice } from '#pipelines/ports.js';
import { type MappingFile, readMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { Ledger } from '#src/ledger/open-ledger.js';

/** Which columns an export has: those of a mapping, some fields, or all of them. */
export type ColumnSelection =
  | { readonly kind: 'mapping'; readonly mappingFile: MappingFile }
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  | { readonly kind: 'all' };

/** The word that asks for all fields although there is a mapping. */
const allFieldsKeyword = 'all';

/**
 * Chooses the columns: the fields that were named; else the mapping, when it was named or stands under its usual name;
 * else all fields.
 *
 * @throws UsageError when a mapping was named and cannot be used
 */
export function selectColumns(settings: Settings, fields: readonly string[] | undefined): ColumnSelection {
  const { value: path, origin } = settings.mapping;
  const isNamed = origin !== 'default';
  if (fields !== undefined && origin.startsWith('option'))
    throw new UsageError('Both --fields and --mapping say which columns there are.', {
      code: 'USAGE',
      nextStep: 'Leave out one of them.',
    });
  if (fields?.length === 1 && fields[0]?.toLowerCase() === allFieldsKeyword) return { kind: 'all' };
  if (fields !== undefined) return { kind: 'fields', fields: withoutRepeats(fields) };
  if (isNamed || existsSync(path)) return { kind: 'mapping', mappingFile: readMappingFile(path) };
  return { kind: 'all' };
}

function withoutRepeats(fields: readonly string[]): readonly string[] {
  const named = fields.filter((field) => field !== '');
  if (named.length === 0)
    throw new UsageError('--fields names no field.', {
      code: 'OPTION_VALUE',
      nextStep: 'For example: --fields customerCode,customerName,balance',
    });
  return [...new Map(named.map((field) => [field.toLowerCase(), field])).values()];
}

export interface LayoutOptions {
  readonly full: boolean;
  /** A workbook has dates of its own. */
  readonly typedDates: boolean;
  readonly notice: (notice: Notice) => void;
}

/** Makes the layout of a choice, and tells what of a mapping cannot come back. */
export function createLayout(choice: ColumnSelection, ledger: Ledger, options: LayoutOptions): ExportLayout {
  const { full, typedDates, notice } = options;
  switch (choice.kind) {
    case 'all':
      return createAllFieldsLayout();
    case 'fields':
      return createFieldsLayout(choice.fields, full, refuseAbsentFields(full));
    case 'mapping': {
      const { mapping, path } = choice.mappingFile;
      const findKey = (customer: Customer) => ledger.findKey(String(customer.customerCode));
      const wishes = { findKey, typedDates };
      warnOfIrreversibleColumns(mapping, path, wishes, notice);
      return createMappingLayout(mapping, wishes, full, warnOfAbsentFields(mapping, full, notice));
    }
  }
}

/** Whoever names a field must not get a blank column that looks as if nobody had one. */
function refuseAbsentFields(full: boolean): OnAbsentFields {
  return ([field = ''], available) => {
    if (!full && isDetailField(field))
      throw new UsageError(`The API's list of customers does not have ${field}: only each customer's details do.`, {
        code: 'FIELD_NEEDS_FULL',
        nextStep: 'Add --full, which asks for every customer once more, or leave the field out.',
      });
    throw new UsageError(`No customer has a field "${field}": ${suggestNames(field, available)}`, {
      code: 'FIELD_UNKNOWN',
      nextStep: full ? 'Correct --fields.' : 'Correct --fields; for fields that only details have, add --full.',
    });
  };
}

function isDetailField(field: string): boolean {
  return findAnyFieldType(field) !== undefined || /^cC_\d+$/i.test(field);
}

/** A blank cell that an import takes for "clear it" must never stand for "not read". */
function warnOfAbsentFields(mapping: Mapping, full: boolean, notice: (notice: Notice) => void): OnAbsentFields {
  let told = false;
  return (absent) => {
    const names = absent.join(', ');
    const stamp = mapping.key?.stamp;
    const others = absent.filter((field) => field !== stamp);
    if (mapping.blank === 'clear' && others.length > 0)
      throw new UsageError(
        `The API's list does not have ${names}, and the mapping says that a blank cell clears a field ("blank": "clear").`,
        {
          code: 'FIELD_NEEDS_FULL',
          nextStep: 'Add --full: otherwise an import of this file would clear what was only not read.',
        },
      );
    if (told) return;
    told = true;
    const fact = full ? `No customer has ${names}` : `The API's list does not have ${names}`;
    const key = stamp !== undefined && absent.includes(stamp) ? ' The key is what this machine knows of it.' : '';
    const advice = full ? '' : ' With --full, each customer is asked for them.';
    notice({ code: 'FIELDS_NOT_LISTED', message: `${fact}, so these columns are blank.${key}${advice}` });
  };
}

function warnOfIrreversibleColumns(
  mapping: Mapping,
  path: string,
  wishes: ReverseOptions,
  notice: (notice: Notice) => void,
): void {
  const { losses: cannotComeBack } = reverseMapping(mapping, wishes);
  if (cannotComeBack.length > 0) {
    const parts = cannotComeBack.map(({ why }) => `\n  - ${why}`).join('');
    notice({ code: 'CANNOT_COME_BACK', message: `What ${path} did on the way in does not all come back:${parts}` });
  }
  const { headerRow = 1, encoding } = mapping.source;
  if (headerRow > 1)
    notice({
      code: 'HEADER_ROW',
      message: `The header is in row 1, and the mapping expects it in row ${headerRow}: import this file with --header-row 1.`,
    });
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding))
    notice({
      code: 'ENCODING',
      message: `Text files are written in UTF-8, and the mapping expects ${encoding}: import this one with --encoding utf-8.`,
    });
}
