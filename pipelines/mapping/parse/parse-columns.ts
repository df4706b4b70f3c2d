import type { ColumnSource } from '#pipelines/mapping/mapping.js';
import type { Place } from './place.js';

const defaultJoin = ' ';

/** Reads `column`, or `columns` with `join`, of a field or the key; the caller has seen that one of them is there. */
export function parseColumns(place: Place): ColumnSource | undefined {
  if (place.has('join') && !place.has('columns'))
    place.at('join').problem('OPTION_UNUSED', '"join" works on several columns; use "columns", or leave it out');
  if (place.has('columns')) return parseList(place);
  const column = place.at('column').asText();
  return column === undefined ? undefined : { columns: [column], join: defaultJoin };
}

function parseList(place: Place): ColumnSource | undefined {
  const list = place.at('columns');
  const columns = list.asTexts();
  const join = place.at('join').asAnyText() ?? defaultJoin;
  if (columns === undefined) return undefined;
  if (columns.length > 0) return { columns, join };
  return list.problem('SOURCE_MISSING', 'The list of columns is empty; name at least one');
}
