/** A number or an e-mail address: what customers have in the same column of most rows, and prose seldom has. */
const telling = /^[+(]?\d[\d\s.:()/+-]*$|^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * Whether a record of several lines is several rows, which a quotation mark too many has made one: as a ditto mark, or
 * the mark of inches at the end of one row and another further down. Each line must have the same number of cells, no
 * blank behind a delimiter as prose has, and in one column nothing but numbers or e-mail addresses.
 *
 * Such a record is well formed, and nobody would miss its rows.
 */
export function holdsSwallowedRows(record: string, delimiter: string): boolean {
  const lines = record.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.split(delimiter));
  const width = rows[0]?.length ?? 0;
  if (rows.length < 2 || width < 2 || rows.some(({ length }) => length !== width)) return false;
  if (lines.some((line) => line.includes(`${delimiter} `))) return false;
  return rows[0]?.some((_, place) => rows.every((cells) => telling.test(cells[place] ?? ''))) === true;
}
