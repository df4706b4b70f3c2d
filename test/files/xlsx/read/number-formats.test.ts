import { afterEach, describe, expect, it } from 'vitest';
import { parseSerialDate } from '#src/files/xlsx/read/decode-cell.js';
import { builtinFormats, classifyFormat } from '#src/files/xlsx/read/number-formats.js';
import { buildStyles, readCell } from '#test/files/xlsx/make-workbook.js';

describe('number formats', () => {
  it.each([
    ['yyyy-mm-dd', 'date'],
    ['YYYY-MM-DD', 'date'],
    ['DD/MM/YY', 'date'],
    ['d\\ mmmm\\ yyyy', 'date'],
    ['yyyy\\-mm\\-dd;@', 'date'],
    ['[$-409]mmm d, yyyy', 'date'],
    ['[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy', 'date'],
    ['[$-409]d\\-mmm\\-yy;@', 'date'],
    ['[$-de-DE]d. mmmm yyyy', 'date'],
    ['[Red]dd.mm.yyyy', 'date'],
    ['mmmm', 'date'],
    ['mmm', 'date'],
    ['mm', 'date'],
    ['mm/yy', 'date'],
    ['ddd', 'date'],
    ['yy', 'date'],
    ['yyyy"年"m"月"d"日"', 'date'],
    ['[$-411]ge.m.d', 'date'],
    ['[$-411]ggge"年"m"月"d"日"', 'date'],
    ['aaaa', 'date'],
    ['[$-41E]d/m/bbbb', 'date'],
    ['"Born "yyyy', 'date'],
    ['dd/mm/yyyy hh:mm', 'datetime'],
    ['m/d/yy h:mm AM/PM', 'datetime'],
    ['yyyy-mm-dd\\Thh:mm:ss', 'datetime'],
    ['yyyy-mm-dd"T"hh:mm:ss.000"Z"', 'datetime'],
    ['[$-F400]h:mm:ss\\ AM/PM', 'time'],
    ['h:mm', 'time'],
    ['hh:mm:ss', 'time'],
    ['mm:ss', 'time'],
    ['mm:ss.0', 'time'],
    ['mmss.0', 'time'],
    ['h:mm A/P', 'time'],
    ['上午/下午h"時"mm"分"', 'time'],
    ['ss', 'time'],
    ['[h]:mm', 'elapsed'],
    ['[hh]:mm:ss', 'elapsed'],
    ['[mm]:ss', 'elapsed'],
    ['[s]', 'elapsed'],
    ['[h]"h" mm"m"', 'elapsed'],
  ])('%s shows a %s', (code, shows) => {
    expect(classifyFormat(code)).toEqual({ kind: 'date', code, shows });
  });

  it.each([
    ['General', 'general'],
    ['GENERAL', 'general'],
    ['Standard', 'general'],
    ['', 'general'],
    ['General;[Red]-General', 'general'],
    ['0', 'digits'],
    ['00000', 'digits'],
    ['0.00', 'digits'],
    ['@', 'text'],
    ['@;@', 'text'],
    ['#,##0.00', 'other'],
    ['#,##0.00\\ \\k\\m', 'other'],
    ['0\\ \\d\\a\\y\\s', 'other'],
    ['0" days"', 'other'],
    ['0 km', 'other'],
    ['0"h"', 'other'],
    ['0_d', 'other'],
    ['0*y', 'other'],
    ['0.00E+00', 'other'],
    ['##0.0E+0', 'other'],
    ['# ?/?', 'other'],
    ['0%', 'other'],
    ['[Red]0', 'other'],
    ['[>=1000]0,"k";0', 'other'],
    ['"Monday"', 'other'],
    ['(###) ###-####', 'other'],
    ['[$€-407]#,##0.00', 'other'],
    ['#,##0.00\\ "kr.";yyyy', 'other'],
    ['_-* #,##0.00\\ _€_-', 'other'],
    ['"', 'other'],
    ['\\', 'other'],
    ['[', 'other'],
    [';;;', 'general'],
  ])('%s shows no date, but is %s', (code, kind) => {
    expect(classifyFormat(code).kind).toBe(kind);
  });

  it('know the dates and times among the numbered ones, locale numbers too', () => {
    const dates = Object.entries(builtinFormats)
      .filter(([, code]) => classifyFormat(code).kind === 'date')
      .map(([id]) => Number(id));
    const span = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at);
    expect(dates).toEqual([...span(14, 22), ...span(27, 36), ...span(45, 47), ...span(50, 58), ...span(71, 81)]);
  });
});

describe('serial numbers', () => {
  it.each([
    [1, 'date', '1900-01-01'],
    [59, 'date', '1900-02-28'],
    [61, 'date', '1900-03-01'],
    [366, 'date', '1900-12-31'],
    [25569, 'date', '1970-01-01'],
    [36585, 'date', '2000-02-29'],
    [44155, 'date', '2020-11-20'],
    [45296, 'date', '2024-01-05'],
    [73109, 'date', '2100-02-28'],
    [73110, 'date', '2100-03-01'],
    [2958465, 'date', '9999-12-31'],
    [45296.5, 'date', '2024-01-05T12:00:00'],
    [45296, 'datetime', '2024-01-05T00:00:00'],
    [45296.999999, 'datetime', '2024-01-06T00:00:00'],
    [45296.25, 'datetime', '2024-01-05T06:00:00'],
    [45296.25, 'time', '2024-01-05T06:00:00'],
    [0.75, 'time', '18:00:00'],
    [0, 'time', '00:00:00'],
    [0.75, 'datetime', '18:00:00'],
    [0.5, 'elapsed', '12:00:00'],
    [1.5, 'elapsed', '36:00:00'],
    [41775.20292434028, 'datetime', '2014-05-16T04:52:13'],
  ] as const)('of 1900: %d as a %s is %s', (serial, shows, text) => {
    expect(parseSerialDate(serial, shows, false)).toEqual({ text });
  });

  it.each([
    [0, 'date', '1904-01-01'],
    [0.5, 'datetime', '1904-01-01T12:00:00'],
    [0.5, 'time', '12:00:00'],
    [43834, 'date', '2024-01-05'],
    [2957003, 'date', '9999-12-31'],
  ] as const)('of 1904: %d as a %s is %s (R9)', (serial, shows, text) => {
    expect(parseSerialDate(serial, shows, true)).toEqual({ text });
  });

  it.each([
    [0, /not a date/],
    [60, /does not exist/],
    [-1, /below zero/],
    [2958466, /9999/],
  ])('that are no date are none: %d (R11)', (serial, reason) => {
    expect(parseSerialDate(serial, 'date', false)).toEqual({ reason: expect.stringMatching(reason) });
  });

  it('are those of the calendar of the computer, for every day until 2200', () => {
    for (let serial = 61; serial < 109_600; serial++) {
      const text = new Date((serial - 25_569) * 86_400_000).toISOString().slice(0, 10);
      expect(parseSerialDate(serial, 'date', false)).toEqual({ text });
    }
  });
});

describe('date cells', () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it.each(['America/Los_Angeles', 'Pacific/Auckland', 'UTC'])('are the same in %s (R11)', async (name) => {
    process.env.TZ = name;
    const styles = buildStyles('dd/mm/yyyy');
    expect(await readCell('<c r="A2" s="0"><v>45296</v></c>', { styles })).toEqual({
      kind: 'date',
      text: '2024-01-05',
      format: 'dd/mm/yyyy',
    });
    expect(await readCell('<c r="A2" t="d"><v>2024-01-05T23:30:00Z</v></c>')).toEqual({
      kind: 'date',
      text: '2024-01-05T23:30:00',
    });
  });

  it.each([
    ['2024-03-05', '2024-03-05'],
    ['2024-03-05T00:00:00', '2024-03-05'],
    ['2024-03-05T10:11:12.345', '2024-03-05T10:11:12'],
    ['2024-03-05T10:11', '2024-03-05T10:11:00'],
    ['10:11:12', '10:11:12'],
    ['T10:11:12', '10:11:12'],
    ['1899-12-30T10:11:12', '10:11:12'],
  ])('of strict workbooks keep the date they state: %s (R12)', async (stored, text) => {
    expect(await readCell(`<c r="A2" t="d"><v>${stored}</v></c>`, { isStrict: true })).toEqual({ kind: 'date', text });
  });

  it.each(['2024-02-30', '2024-13-01', '2024', '25:00:00', 'soon'])('are errors for the text %s', async (stored) => {
    expect(await readCell(`<c r="A2" t="d"><v>${stored}</v></c>`)).toMatchObject({ kind: 'error', text: stored });
  });

  it.each([
    ['<workbookPr date1904="1"/>', '2028-01-06'],
    ['<workbookPr date1904="true"/>', '2028-01-06'],
    ['<workbookPr date1904="false"/>', '2024-01-05'],
    ['<workbookPr/>', '2024-01-05'],
  ])('follow the date system of the workbook: %s', async (workbookProperties, text) => {
    const styles = buildStyles('yyyy-mm-dd');
    expect(await readCell('<c r="A2" s="0"><v>45296</v></c>', { styles, workbookProperties })).toMatchObject({
      kind: 'date',
      text,
    });
  });

  it('come from formulas too', async () => {
    const cell = '<c r="A2" s="0"><f>TODAY()</f><v>45296</v></c>';
    expect(await readCell(cell, { styles: '<cellXfs><xf numFmtId="14"/></cellXfs>' })).toMatchObject({
      kind: 'date',
      text: '2024-01-05',
    });
  });

  it('are errors where the date does not exist', async () => {
    expect(await readCell('<c r="A2" s="0"><v>60</v></c>', { styles: buildStyles('yyyy') })).toMatchObject({
      kind: 'error',
      text: '60',
      reason: expect.stringContaining('29 February 1900'),
    });
  });
});
