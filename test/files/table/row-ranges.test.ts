import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import type { OpenOptions } from '#src/files/input-source.js';
import { readContent, readRowRanges, useTempFiles } from '#test/files/temp-files.js';

const files = useTempFiles();

/** Several ranges of rows, some on more than one line. */
const count = 3500;
const lines = Array.from({ length: count }, (_, at) =>
  at % 9 === 4 ? `${at},"Zoë\n""${at}""",x` : `${at},Customer ${at} Müller,`,
);
const withHeader = (header: string, rows: readonly string[] = lines) => `${[header, ...rows].join('\n')}\n`;
const plain = withHeader('No,Name,Remark');

/** Opens a file, reads it whole, and opens it once more by what is known then. */
async function knownAgain(content: string | Buffer, options: OpenOptions = {}) {
  const source = await files.open(content, { ...options, visitRows: () => () => undefined });
  const whole = await readContent(source);
  const known = source.scan;
  if (known === undefined) throw new Error('It was not scanned.');
  return { source, whole, known, again: await files.open(content, { ...options, scan: known }) };
}

describe('a text that was scanned before is read in any ranges as it was read whole', () => {
  it.each<[string, string | Buffer, OpenOptions?]>([
    ['with cells of several lines', plain],
    ['with CRLF and a byte order mark', `\ufeff${plain.replaceAll('\n', '\r\n')}`],
    ['with CR', plain.replaceAll('\n', '\r')],
    ['with returns in cells and as line ends', plain.replace('Customer 7 ', 'Customer\r7 ')],
    ['behind a line that names the delimiter', `sep=;\n${plain.replaceAll(',', ';')}`],
    ['below a title', `Customers\n\n${plain}`, { headerRow: 3 }],
    ['with blank and empty rows', plain.replaceAll(/^(\d+8,)/gm, '\n,,\n$1')],
    ['with rows of another width', plain.replaceAll(/^(\d+7,)/gm, '$1more,')],
    [
      'with stray and open quotation marks',
      plain.replaceAll(/^(\d+3),C/gm, '$1,"C').replaceAll(/^(\d+2),C/gm, '$1,C"'),
    ],
    ['with an open quotation mark that is never closed', plain.replace('1500,C', '1500,"C')],
    ['with lenient quotation marks', plain.replaceAll(/^(\d+2),C/gm, '$1,C"'), { lenientQuotes: true }],
    ['with a zero byte', plain.replace('Customer 7 ', 'Customer\0 ')],
    ['without a line end at its end', plain.trimEnd()],
    ['in utf-16', iconv.encode(plain, 'utf-16le', { addBOM: true })],
    ['in windows-1252', iconv.encode(plain, 'windows-1252')],
    [
      'in shift_jis',
      iconv.encode(withHeader('番号,名前,備考').replaceAll(/[ëü]/g, '東'), 'shift_jis'),
      { encoding: 'shift_jis' },
    ],
    ['compressed', gzipSync(plain)],
    [
      'of JSON objects',
      lines.map((_, at) => `${JSON.stringify({ No: at, Name: `Zoë ${at}` })}\n${at % 50 === 0 ? '\n' : ''}`).join(''),
    ],
    ['of broken JSON objects', lines.map((_, at) => (at % 7 === 3 ? '{"No":' : JSON.stringify({ No: at }))).join('\n')],
  ])('%s', async (_name, content, options) => {
    const { source, whole, again } = await knownAgain(content, options);
    expect([again.columns, again.detected, again.notices]).toEqual([source.columns, source.detected, source.notices]);
    const all = again.rowRanges?.all ?? [];
    expect(all.length).toBeGreaterThan(2);
    expect(all.map(({ first }) => first)).toEqual([0, ...all.slice(0, -1).map(({ last }) => last + 1)]);
    expect(all.at(-1)?.last).toBe(whole.rows.length - 1);
    expect(await readRowRanges(again, all)).toEqual(whole.rows);
    for (const range of all)
      expect(await readRowRanges(again, [range])).toEqual(whole.rows.slice(range.first, range.last + 1));
  });

  it('whatever is wrong with it', async () => {
    const spoilt = fc.array(
      fc.tuple(
        fc.integer({ min: 20, max: plain.length }),
        fc.constantFrom('"', '""', '"x', '\n', '\r', ',', '\n\n', '"\n'),
      ),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(spoilt, async (insertions) => {
        let content = plain;
        for (const [at, text] of insertions) content = content.slice(0, at) + text + content.slice(at);
        const { whole, again } = await knownAgain(content);
        for (const range of again.rowRanges?.all ?? [])
          expect(await readRowRanges(again, [range])).toEqual(whole.rows.slice(range.first, range.last + 1));
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 20) },
    );
  });

  it('also where a position turns out to be wrong', async () => {
    const { whole, known } = await knownAgain(plain);
    const positions = known.text?.positions.map((position) =>
      position.index === 0 ? position : { ...position, offset: position.offset + 40 },
    );
    if (known.text === undefined || positions === undefined) throw new Error('It is not a text.');
    const again = await files.open(plain, { scan: { ...known, text: { ...known.text, positions } } });
    const [first, second, third] = again.rowRanges?.all ?? [];
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('There are too few ranges.');
    expect(await readRowRanges(again, [first, third])).toEqual(
      whole.rows.filter(({ index }) => index <= first.last || (index >= third.first && index <= third.last)),
    );
  });
});
