import type { ExportJob } from '#src/config/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { ChangedSince, ExportCustomersOptions } from '#src/library/export-customers.js';
import { parseIsoTime, parseSortOrder } from '#src/library/export-words.js';
import { outputName } from './output-name.js';

/** An export as its job wants it now. */
export interface ExportJobSetUp {
  readonly settings: Settings;
  readonly options: ExportCustomersOptions;
}

/** @throws UsageError naming the job's key that cannot be used */
export function exportJobSetUp(job: ExportJob, given: SettingOptions, now: Date): ExportJobSetUp {
  const { profile, mapping, name, output, active, changedSince, sort } = job;
  const { format, fields, full, pageSize, mirror, formulas, bom, force } = job;
  const settings = resolveSettings({
    ...(profile === undefined ? {} : { profile }),
    ...(mapping === undefined ? {} : { mapping }),
    ...given,
  });
  const options = {
    file: outputName(name, output, now),
    ...{ format, fields, full, pageSize, mirror, formulas, bom, force },
    activeOnly: active,
    changedSince: changedSince === undefined ? undefined : since(name, changedSince),
    sort: sort === undefined ? undefined : order(name, sort),
  };
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return { settings, options: Object.fromEntries(said) as unknown as ExportCustomersOptions };
}

/** Each job has a watermark of its own, under its name. */
function since(name: string, text: string): ChangedSince {
  if (text === 'last') return { last: name };
  const at = parseIsoTime(text);
  if (at !== undefined) return at;
  throw unusable(name, 'changedSince', text, '"last", or an ISO time with its zone, e.g. "2026-11-24T09:00:00Z"');
}

function order(name: string, text: string) {
  const found = parseSortOrder(text);
  if (found !== undefined) return found;
  throw unusable(name, 'sort', text, 'a field, with :desc for the reverse, e.g. "customerName:desc"');
}

function unusable(name: string, key: string, text: string, expected: string): UsageError {
  return new UsageError(`The job ${name} says ${key} "${text}".`, {
    code: 'CONFIG_FILE',
    nextStep: `It must be ${expected}.`,
  });
}
