import type { ListQuery } from '#pipelines/ports.js';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const minuteMs = 60_000;

/** The path and arguments of one list call [seed]. */
export function buildListPath(query: ListQuery): string {
  const values = new Map<string, string>([
    ['liPage', String(query.page)],
    ['liPageSize', String(query.pageSize)],
  ]);
  if (query.sort !== undefined) values.set('sSortKey', query.sort.field + (query.sort.descending ? 'DESC' : 'ASC'));
  if (query.fields !== undefined) values.set('sFieldList', query.fields.join(','));
  if (query.changedSince !== undefined)
    values.set('filt_LastEditDateUTC_dt_min', formatFilterDate(Math.floor(query.changedSince.getTime() / minuteMs)));
  if (query.changedUntil !== undefined)
    values.set('filt_LastEditDateUTC_dt_max', formatFilterDate(Math.ceil(query.changedUntil.getTime() / minuteMs)));
  for (const [name, value] of Object.entries(query.filters ?? {})) values.set(`filt_${name}`, value);
  return `/customers?${[...values].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** `yyyy-MMM-dd HH:mm` in UTC with an English month, the only format that the filters take [seed]. */
function formatFilterDate(minutesSinceEpoch: number): string {
  const date = new Date(minutesSinceEpoch * minuteMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getUTCFullYear()}-${months[date.getUTCMonth()]}-${two(date.getUTCDate())}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}
