import { describe, expect, it } from 'vitest';
import { InputError } from '#src/errors.js';
import { buildStyles, open, readRows, textCell, textRow, type WorkbookRecipe } from '#test/files/xlsx/make-workbook.js';

const shared =
  '<si><t>one</t></si><si><t xml:space="preserve"> two &amp; 東 </t></si><si><r><t>a</t></r><r><t>b</t></r></si><si/>';
const sharedCells =
  '<row r="9"><c r="A9" t="s"><v>0</v></c><c r="B9" t="s"><v>1</v></c><c r="C9" t="s"><v>2</v></c><c r="D9" t="s"><v>3</v></c></row>';
const rows = `${textRow(1, 'A', 'B', 'C', 'D')}<row r="2" spans="1:4" hidden="1" ht='9'><c r="A2" s="1"><v>45000.5</v></c><c r="B2" t="str"><f ca="1">A1&amp;"x"</f><v>a&lt;b</v></c><c t="b"><v>1</v></c><c r="D2" t="inlineStr"><is><t xml:space="preserve"> x </t></is></c></row>\n<row r="3"><c r="A3" t="e"><v>#N/A</v></c><c r="B3"/><c r="C3" s="0"><v>7</v></c><c r="D3"><f>1</f></c></row>${textRow(4, 'é', '東京', '😀', 'z')}<row r="7">${textCell('A7', 'end')}</row>`;

/** A comment at the start of a list keeps the fast way out of it. */
const keepOut = '<!---->';

const pieces = [
  '<',
  '>',
  '/',
  '"',
  "'",
  '=',
  ' ',
  '&',
  ';',
  '&#9;',
  '&amp;',
  '\r',
  '\n',
  '\t',
  '-',
  '0',
  '1',
  'r',
  's',
  't',
  'v',
  'c',
  '</c>',
  '</row>',
  '<v>',
  '</v>',
  '<c>',
  '<row>',
  '<row/>',
  '<c/>',
  '<!-- x -->',
  '<!--',
  '-->',
  '<![CDATA[x]]>',
  '<?p?>',
  '<t>',
  '</t>',
  '<is>',
  '<f/>',
  'x:',
  ' r="1"',
  ' t="n"',
  '<si>',
  '</si>',
  '<r>',
  '\u0001',
];

/** What XML forbids and the fast way lets pass, since it changes no value: attributes that nobody reads, twice. */
const harmless = /duplicate attribute/;

async function readOutcome(recipe: WorkbookRecipe): Promise<unknown> {
  try {
    const source = await open({ styles: buildStyles('00000', 'yyyy'), ...recipe });
    return [source.columns, await readRows(source)];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return harmless.test(error.message) ? 'harmless' : error.code;
  }
}

function mutated(text: string, seed: number): string {
  const at = (seed * 2_654_435_761) % text.length;
  const piece = pieces[seed % pieces.length] ?? '';
  return text.slice(0, at) + piece + text.slice(at + (Math.floor(seed / 7) % 3));
}

const runs = Number(process.env.FUZZ_RUNS ?? 300);

describe('the fast way and the XML parser', () => {
  it(`say the same of rows, sound or damaged (${runs} of them)`, { timeout: 60_000 + runs * 100 }, async () => {
    expect(await readOutcome({ rows: rows + sharedCells, shared })).toEqual(
      await readOutcome({ rows: keepOut + rows + sharedCells, shared: keepOut + shared }),
    );
    for (let seed = 1; seed <= runs; seed++) {
      const damaged = mutated(rows, seed);
      const strict = await readOutcome({ rows: keepOut + damaged });
      if (strict !== 'harmless') expect([seed, await readOutcome({ rows: damaged })]).toEqual([seed, strict]);
    }
  });

  it(`say the same of shared strings, sound or damaged (${runs} of them)`, {
    timeout: 60_000 + runs * 100,
  }, async () => {
    for (let seed = 1; seed <= runs; seed++) {
      const damaged = mutated(shared, seed);
      const strict = await readOutcome({ rows: rows + sharedCells, shared: keepOut + damaged });
      if (strict !== 'harmless')
        expect([seed, await readOutcome({ rows: rows + sharedCells, shared: damaged })]).toEqual([seed, strict]);
    }
  });
});
