import { describe, expect, it } from 'vitest';
import { buildStyles, read, readCell, textRow } from '#test/files/xlsx/make-workbook.js';

const number = (text: string, value: number, format?: string) => ({
  kind: 'number',
  text,
  value,
  ...(format === undefined ? {} : { format }),
});

describe('the type of a cell', () => {
  it.each([' inlineStr', 'inlineStr ', '\tinlineStr'])('may have spaces around it: "%s"', async (type) => {
    expect(await readCell(`<c r="A2" t="${type}"><is><t>x</t></is></c>`)).toBe('x');
    expect(await readCell(`<!-- strictly --><c r="A2" t="${type}"><is><t>x</t></is></c>`)).toBe('x');
  });
});

describe('text cells', () => {
  it.each([
    [
      'several runs of an inline string (R14)',
      '<is><r><t>Anna </t></r><r><rPr><b/></rPr><t>Maria</t></r></is>',
      'Anna Maria',
    ],
    [
      'the word and not its reading (R15)',
      '<is><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></is>',
      '東京',
    ],
    [
      'a reading between runs left out',
      '<is><r><t>東</t></r><rPh sb="0" eb="1"><t>トウ</t></rPh><r><t>京</t></r></is>',
      '東京',
    ],
    [
      'entities decoded once (R16)',
      '<is><t>&amp;lt;b&amp;gt; &lt;i&gt; &quot;&apos;&#233;&#x1F600;</t></is>',
      `&lt;b&gt; <i> "'é😀`,
    ],
    ['escapes decoded once (R17)', '<is><t>a_x000D_b_x005F_x000A_c</t></is>', 'a\rb_x000A_c'],
    ['what only looks like an escape', '<is><t>_x12_ _xGGGG_ _x00e9_ x005F_</t></is>', '_x12_ _xGGGG_ é x005F_'],
    ['half a character is no escape', '<is><t>_xD83D_</t></is>', '_xD83D_'],
    ['an escaped pair is a character', '<is><t>_xD83D__xDE00_</t></is>', '😀'],
    ['spaces around', '<is><t xml:space="preserve">  a  </t></is>', '  a  '],
    ['line ends as XML has them', '<is><t>a\r\nb\rc\nd&#13;e</t></is>', 'a\nb\nc\nd\re'],
    ['CDATA', '<is><t>a<![CDATA[ <&amp;> ]]>b</t></is>', 'a <&amp;> b'],
    ['an empty text', '<is><t/></is>', ''],
    ['no text', '<is/>', ''],
  ])('are read with %s', async (_, inline, expected) => {
    expect(await readCell(`<c r="A2" t="inlineStr">${inline}</c>`)).toBe(expected);
  });

  it.each([
    ['runs', '<si><r><rPr><b/></rPr><t xml:space="preserve">Anna </t></r><r><t>Maria</t></r></si>', 'Anna Maria'],
    ['readings', '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>', '東京'],
    ['escapes', '<si><t>_x005F_x000D_</t></si>', '_x000D_'],
    ['entities', '<si><t>&amp;amp;</t></si>', '&amp;'],
    ['nothing', '<si/>', ''],
    ['empty text', '<si><t/></si>', ''],
    ['comments', '<si><!-- </si> --><t>a</t></si>', 'a'],
  ])('are read from shared strings with %s', async (_, item, expected) => {
    expect(
      await readCell('<c r="A2" t="s"><v>1</v></c>', { shared: `<si><t>x</t></si>${item}<si><t>y</t></si>` }),
    ).toBe(expected);
    expect(
      await readCell('<c r="A2" t="s"><v>2</v></c>', { shared: `<si><t>x</t></si>${item}<si><t>y</t></si>` }),
    ).toBe('y');
  });

  it('show what the look-up of a shared string misses', async () => {
    expect(await readCell('<c r="A2" t="s"><v>7</v></c>', { shared: '<si><t>a</t></si>' })).toMatchObject({
      kind: 'error',
      text: '7',
    });
  });

  it('are read from formulas', async () => {
    expect(await readCell('<c r="A2" t="str"><f>A1&amp;"x"</f><v>a &amp; b_x000A_</v></c>')).toBe('a & b\n');
  });
});

describe('number cells', () => {
  it.each([
    ['0', '0', 0],
    ['-0', '0', -0],
    ['42', '42', 42],
    ['1.0', '1', 1],
    ['0.1', '0.1', 0.1],
    ['0.30000000000000004', '0.3', 0.30000000000000004],
    ['3.1400000000000001', '3.14', 3.14],
    ['-12.50', '-12.5', -12.5],
    ['61412345678', '61412345678', 61412345678],
    ['6.1412345678E10', '61412345678', 61412345678],
    ['123456789012345', '123456789012345', 123456789012345],
    ['1234567890123456', '1234567890123456', 1234567890123456],
    ['1.2345678901234567E+19', '12345678901234567000', 1.2345678901234567e19],
    ['12345678901234567890', '12345678901234567890', 12345678901234567000],
    ['1E+20', '100000000000000000000', 1e20],
    ['1E+21', '1E+21', 1e21],
    ['1.5e-7', '0.00000015', 1.5e-7],
    ['1.5e-13', '1.5E-13', 1.5e-13],
    [' 7 ', '7', 7],
    ['+7', '7', 7],
  ])('in the format General show %s as %s', async (stored, text, value) => {
    expect(await readCell(`<c r="A2"><v>${stored}</v></c>`)).toEqual(number(text, value));
    expect(await readCell(`<c r="A2" t="n"><v>${stored}</v></c>`)).toEqual(number(text, value));
  });

  it.each([
    ['00000', '800', '00800'],
    ['00000', '123456', '123456'],
    ['00000', '-12', '-00012'],
    ['0', '1234.5', '1235'],
    ['0', '-0.4', '0'],
    ['0', '61412345678', '61412345678'],
    ['0', '1.2345678901234567E+19', '12345678901234567000'],
    ['0.00', '1.005', '1.01'],
    ['0.00', '2.5', '2.50'],
    ['0.00', '-1234.567', '-1234.57'],
    ['0.00', '0.999', '1.00'],
    ['000.0', '7', '007.0'],
    ['@', '61412345678', '61412345678'],
    ['#,##0.00', '1234.5', '1234.5'],
    ['0%', '0.125', '0.125'],
    ['#,##0.00\\ \\k\\m', '12', '12'],
    ['0.00E+00', '12345678', '12345678'],
  ])('in the format %s show %s as %s', async (format, stored, text) => {
    expect(await readCell(`<c r="A2" s="0"><v>${stored}</v></c>`, { styles: buildStyles(format) })).toEqual(
      number(text, Number(stored), format),
    );
  });

  it.each([
    [1, '5.4', '5'],
    [2, '5.4', '5.40'],
    [49, '5.4', '5.4'],
    [3, '5.4', '5.4'],
  ])('follow the format that the file only names by number %d', async (id, stored, text) => {
    expect(
      await readCell(`<c r="A2" s="0"><v>${stored}</v></c>`, { styles: `<cellXfs><xf numFmtId="${id}"/></cellXfs>` }),
    ).toMatchObject({ kind: 'number', text });
  });

  it('do not take the formats of conditional formatting or named styles for their own', async () => {
    const styles =
      '<numFmts><numFmt numFmtId="200" formatCode="00000"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="200"/></cellXfs><dxfs><dxf><numFmt numFmtId="200" formatCode="yyyy"/></dxf></dxfs>';
    expect(await readCell('<c r="A2" s="0"><v>800</v></c>', { styles })).toMatchObject({
      kind: 'number',
      text: '00800',
    });
  });

  it.each(['abc', '0x10', 'NaN', 'INF', '1,5', '1 2', '1e999'])('are errors when %s is stored', async (stored) => {
    expect(await readCell(`<c r="A2"><v>${stored}</v></c>`)).toMatchObject({ kind: 'error', text: stored });
  });
});

describe('other cells', () => {
  it.each([
    ['<c r="A2" t="b"><v>1</v></c>', { kind: 'boolean', text: 'TRUE', value: true }],
    ['<c r="A2" t="b"><v>0</v></c>', { kind: 'boolean', text: 'FALSE', value: false }],
    ['<c r="A2" t="b"><v>true</v></c>', { kind: 'boolean', text: 'TRUE', value: true }],
    ['<c r="A2" t="b"><f>TRUE()</f><v>1</v></c>', { kind: 'boolean', text: 'TRUE', value: true }],
    ['<c r="A2" t="n"><f>1+1</f><v>2</v></c>', { kind: 'number', text: '2', value: 2 }],
    ['<c r="A2"><f t="shared" si="0"/><v>2</v></c>', { kind: 'number', text: '2', value: 2 }],
    ['<c r="A2"><f t="array" ref="A2:A3">X()</f><v>2</v></c>', { kind: 'number', text: '2', value: 2 }],
    ['<c r="A2"><v>2</v><f>1+1</f></c>', { kind: 'number', text: '2', value: 2 }],
  ])('keep their type: %s (R13)', async (cell, expected) => {
    expect(await readCell(cell)).toEqual(expected);
  });

  it.each([
    ['#N/A', /look-up found nothing/],
    ['#REF!', /deleted/],
    ['#DIV/0!', /divides by zero/],
    ['#SOMETHING!', /formula failed/],
  ])('say what the error %s means', async (text, reason) => {
    const cell = await readCell(`<c r="A2" t="e"><f>X</f><v>${text}</v></c>`);
    expect(cell).toMatchObject({ kind: 'error', text, reason: expect.stringMatching(reason) });
  });

  it.each([
    '<c r="A2"><f>SUM(B1:B9)</f></c>',
    '<c r="A2"><f>SUM(B1:B9)</f><v/></c>',
    '<c r="A2"><f>SUM(B1:B9)</f><v></v></c>',
    '<c r="A2" t="str"><f>SUM(B1:B9)</f></c>',
    '<c r="A2" t="b"><f>SUM(B1:B9)</f></c>',
    '<c r="A2" t="d"><f>SUM(B1:B9)</f></c>',
  ])('are errors when a formula was never calculated: %s (D14)', async (cell) => {
    expect(await readCell(cell)).toEqual({
      kind: 'error',
      text: '=SUM(B1:B9)',
      reason: expect.stringContaining('never calculated'),
    });
  });

  it('are empty when a formula gives an empty text', async () => {
    expect(await readCell('<c r="A2" t="str"><f>""</f><v></v></c>')).toBe('');
  });

  it('are errors when their type is unknown', async () => {
    expect(await readCell('<c r="A2" t="zz"><v>1</v></c>')).toMatchObject({ kind: 'error', text: '1' });
    expect(await readCell('<c r="A2" t="constructor"><v>1</v></c>')).toMatchObject({ kind: 'error', text: '1' });
  });

  it('of the slow way are those of the fast way', async () => {
    const cells =
      '<c r="A2" s="1"><v>45000.5</v></c><c r="B2" t="str"><f>A1</f><v>a&amp;b</v></c><c r="C2" t="b"><v>1</v></c><c r="D2" t="inlineStr"><is><t xml:space="preserve"> x </t></is></c><c r="E2" t="e"><v>#N/A</v></c><c r="F2"/><c r="G2" t="s"><v>0</v></c>';
    const recipe = { styles: buildStyles('0', 'yyyy'), shared: '<si><t>one</t></si>' };
    const head = textRow(1, 'A', 'B', 'C', 'D', 'E', 'F', 'G');
    const fast = await read({ ...recipe, rows: `${head}<row r="2">${cells}</row>` });
    const slow = await read({ ...recipe, rows: `${head}<row r="2"><!-- slow -->${cells}</row>` });
    expect(slow).toEqual(fast);
  });
});
