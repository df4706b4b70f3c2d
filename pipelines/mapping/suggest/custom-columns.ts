import { customerFields } from '#pipelines/mapping/customer-fields.js';
import type { Candidate } from './assign-columns.js';
import type { ColumnValues } from './column-values.js';
import { type DateForm, type DateOrder, dateFormOf, orderIn } from './date-order.js';
import type { RuleProposal } from './propose-rule.js';
import type { Choices, CustomColumn } from './suggestion.js';
import { lookOf } from './value-looks.js';

/** What happens to columns that no field of the API is meant for. */
export interface CustomColumns {
  readonly kept: readonly Candidate[];
  /** Columns with something in them that are left out. */
  readonly left: readonly ColumnValues[];
  /** Dates whose day and month cannot be told apart. */
  readonly undecided: readonly ColumnValues[];
}

const ownFields = Object.keys(customerFields).filter((field): field is CustomColumn => field.startsWith('cC_'));

/** Puts columns into the client's own fields, if the user wants that; what they mean there, only the user knows. */
export function customColumnsFor(columns: readonly ColumnValues[], choices: Choices): CustomColumns {
  const filled = columns.filter(
    (values) => lookOf(values) !== 'blank' && choices.targets?.get(values.column) !== 'leave',
  );
  const forms = new Map(filled.flatMap((values) => formEntry(values)));
  const order = choices.dateOrder ?? orderOf([...forms.values()]);
  const undecided = filled.filter((values) => forms.get(values)?.kind === 'ambiguous' && order === undefined);
  if (choices.customColumns !== true) return { kept: [], left: filled, undecided: [] };
  const keepable = filled.filter((values) => !undecided.includes(values));
  const kept = keepable.slice(0, ownFields.length).map(
    (values, index): Candidate => ({
      values,
      target: ownFields[index] ?? 'cC_001',
      certainty: 0.8,
      context: 'plain',
      why: "kept in the client's own columns",
      proposal: ruleFor(values, forms.get(values), order),
    }),
  );
  const keptValues = kept.map(({ values }) => values);
  return { kept, left: filled.filter((values) => !keptValues.includes(values)), undecided };
}

function formEntry(values: ColumnValues): readonly (readonly [ColumnValues, DateForm])[] {
  // A workbook says itself which cells are dates; numbers of eight digits are no dates.
  const form = lookOf(values) === 'date' ? dateFormOf(values.texts) : undefined;
  return form === undefined ? [] : [[values, form]];
}

/** One certain column shows the order of the whole file, unless another shows the other. */
function orderOf(forms: readonly DateForm[]): DateOrder | undefined {
  const orders = new Set(forms.flatMap((form) => orderIn(form) ?? []));
  return orders.size === 1 ? [...orders][0] : undefined;
}

function ruleFor({ column }: ColumnValues, form: DateForm | undefined, order: DateOrder | undefined): RuleProposal {
  if (form === undefined) return { rule: column, fit: 1, remarks: [] };
  const format = form.kind === 'certain' ? form.format : form.formats[order ?? 'day'];
  return { rule: { column, type: 'date', format }, fit: 1, remarks: [] };
}
