import { existsSync } from 'node:fs';
import { toWorkbookFormat } from '#pipelines/mapping/reverse.js';
import { buildTemplateColumns, type TemplateColumn, type TemplateContent } from '#pipelines/mapping/template.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { type CellCheck, type TemplateSheetColumn, writeTemplate } from '#src/files/xlsx/write/write-template.js';

export interface TemplateOptions {
  readonly file: string;
  /** Replace an existing workbook. */
  readonly force: boolean;
}

export interface MadeTemplate {
  readonly file: string;
  readonly mapping: string;
  readonly sheet: string;
  readonly columns: readonly TemplateColumn[];
}

const defaultSheet = 'Customers';
const explanationSheet = 'Columns';

/** Writes an empty workbook for a mapping. @throws UsageError */
export async function makeTemplate(settings: Settings, { file, force }: TemplateOptions): Promise<MadeTemplate> {
  if (!/\.xlsx$/i.test(file))
    throw new UsageError(`A template is a workbook; "${file}" does not end in .xlsx.`, {
      code: 'TEMPLATE_FORMAT',
      nextStep: 'For example: mypos-customers mapping template customers.xlsx',
    });
  if (existsSync(file) && !force)
    throw new UsageError(`The file ${file} already exists.`, {
      code: 'FILE_EXISTS',
      nextStep: 'Choose another name, or add --force to replace it.',
    });
  const { path, mapping } = readMappingFile(settings.mapping.value);
  const columns = buildTemplateColumns(mapping);
  const sheet = chooseSheetName(mapping.source.sheet);
  await writeTemplate(
    file,
    { name: sheet, headerRow: mapping.source.headerRow ?? 1, columns: columns.map(buildSheetColumn) },
    {
      name: sheet === explanationSheet ? `${explanationSheet} explained` : explanationSheet,
      header: ['Column', 'Required', 'What to enter', 'Example'],
      rows: columns.map(({ name, isRequired, explanation, example }) => [
        name,
        isRequired ? 'yes' : '',
        explanation.join(' '),
        example,
      ]),
    },
  );
  return { file, mapping: path, sheet, columns };
}

/** A mapping may give the number of a sheet instead of its name. */
function chooseSheetName(named: string | undefined): string {
  return named === undefined || /^\d+$/.test(named) ? defaultSheet : named;
}

function buildSheetColumn({ name, holds, choices, isRequired, explanation }: TemplateColumn): TemplateSheetColumn {
  const check: CellCheck | undefined =
    choices === undefined ? checks[holds.kind](holds as never) : { kind: 'list', ...choices };
  return {
    name,
    format: formats[holds.kind](holds as never),
    isRequired,
    ...(check !== undefined && { check }),
    hint: explanation.join(' '),
  };
}

type ByContent<Result> = {
  readonly [Kind in TemplateContent['kind']]: (holds: Extract<TemplateContent, { kind: Kind }>) => Result;
};

const checks: ByContent<CellCheck | undefined> = {
  text: () => undefined,
  number: ({ isWhole }) => ({ kind: 'number', isWhole }),
  date: () => ({ kind: 'date' }),
};

/** Text cells are formatted as text, so that leading zeros are kept. */
const formats: ByContent<string> = {
  text: () => '@',
  number: ({ isWhole }) => (isWhole ? '0' : '#,##0.00'),
  date: ({ format }) => toWorkbookFormat(format),
};
