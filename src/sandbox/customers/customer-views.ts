/** A customer as two JSON texts, so that a list needs no parsing and the detail no second copy. */
export interface CustomerViews {
  readonly flat: string;
  readonly deep: string;
}

/** The whole customer as JSON. Neither view is ever empty: both hold fields that every customer has. */
export function joinViews({ flat, deep }: CustomerViews): string {
  return `${flat.slice(0, -1)},${deep.slice(1)}`;
}

/** A list's row: the flat view and the two fields that ride on every row. */
export function listRow(flat: string, rowNumber: number, total: number): string {
  return `${flat.slice(0, -1)},"customSortRowNumber":${rowNumber},"liTotalCount":${total}}`;
}
