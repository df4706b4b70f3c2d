import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Cell } from '#pipelines/model.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { compiled, parsed } from './mapping-under-test.js';

async function mapCells(json: object, cells: Readonly<Record<string, Cell>>): Promise<MappedRow | undefined> {
  const [mapped] = await compiled(json, Object.keys(cells)).mapAll([
    { index: 0, number: 2, cells: Object.values(cells) },
  ]);
  return mapped;
}

function noteBy(expression: string, cells: Readonly<Record<string, Cell>>, rest: object = {}) {
  return mapCells({ fields: { notes: { expression, ...rest } }, nullToken: '#N/A' }, cells);
}

describe('an expression', () => {
  it.each<[title: string, expression: string, cells: Readonly<Record<string, Cell>>, notes: unknown]>([
    ['joins texts', "'Since ' & $row.`Customer Since`", { 'Customer Since': '2009' }, 'Since 2009'],
    ['sees a cell as its owner does', '$row.A', { A: { kind: 'number', text: '0,50', value: 0.5 } }, '0,50'],
    ['finds a column as the mapping does', '$row.company', { ' Company': 'Koala' }, 'Koala'],
    ['writes a number as text for a field of text', '$number($row.A) * 2', { A: '21' }, '42'],
    ['gives nothing without an otherwise', "$row.A != '' ? 'x' & $row.A", { A: '' }, undefined],
    ['clears with null', 'null', { A: '' }, null],
    ['sees the clearing text as blank', "'[' & $row.A & ']'", { A: '#N/A' }, '[]'],
    ['looks a column up by its name', "$lookup($row, 'Old No')", { 'Old No': '7' }, '7'],
    ['has functions of texts', "$join($split($row.A, ';'), ' + ')", { A: 'a;b' }, 'a + b'],
    ['has its own names', '($a := $row.A; $a & $a)', { A: 'x' }, 'xx'],
    ['has no way to the program', "$lookup($row, 'constructor')", { A: 'x' }, undefined],
    ['takes a column that is called like a part of every object', '$row.constructor', { constructor: 'x' }, 'x'],
  ])('%s', async (_title, expression, cells, notes) => {
    const mapped = await noteBy(expression, cells);
    expect(mapped?.reasons).toEqual([]);
    expect(mapped?.draft.notes).toBe(notes);
  });

  it('goes through transforms, lookup and default like a cell', async () => {
    const rest = { transform: ['upper'], lookup: { AB: 'yes' }, otherwise: 'blank', default: 'none' };
    expect((await noteBy('$row.A & $row.B', { A: 'a', B: 'b' }, rest))?.draft).toEqual({ notes: 'yes' });
    expect((await noteBy('$row.A & $row.B', { A: 'a', B: 'c' }, rest))?.draft).toEqual({ notes: 'none' });
  });

  it('fills a field of numbers and one of yes and no by their types', async () => {
    const fields = {
      creditLimit: { expression: '$number($row.A) * 100', type: 'number' },
      active: { expression: "$row.B = 'open'", type: 'boolean' },
    };
    expect((await mapCells({ fields }, { A: '2.5', B: 'open' }))?.draft).toEqual({ creditLimit: 250, active: true });
  });

  it.each<[title: string, expression: string, cells: Readonly<Record<string, Cell>>, message: string]>([
    ['fails', '$number($row.A)', { A: 'x' }, 'A "x" makes the expression fail: Unable to cast value to a number: "x"'],
    ['never ends', '($f := function($x) { $f($x + 1) }; $f($row.A))', { A: '1' }, 'A "1" makes the expression fail: '],
    ['calls itself too deep', '($f := function() { 1 + $f() }; $f())', { A: '1' }, 'notes makes the expression fail: '],
    ['fills the memory', '$map([1..99999999], function($v) { $v })', {}, 'notes makes the expression fail: '],
    [
      'pads to a width that a cell chooses',
      '$pad("x", $number($row.A))',
      { A: '300000000' },
      '$pad works with at most',
    ],
    ['sorts too much', '$sort($split($row.A, ""))[0]', { A: 'a'.repeat(32_767) }, '$sort works with at most 2000'],
    ['gives a list', '$split($row.A, ",")', { A: 'a,b' }, 'A "a,b" makes the expression return a list'],
    [
      'reads an error cell',
      '$row.A',
      { A: { kind: 'error', text: '#REF!', reason: 'a lost reference' } },
      'A "#REF!" holds no value (a lost reference); correct the cell in the workbook',
    ],
  ])('makes the row invalid when it %s', async (_title, expression, cells, message) => {
    const mapped = await noteBy(expression, cells);
    expect(mapped?.draft).toEqual({});
    expect(mapped?.reasons.map((reason) => reason.message)).toEqual([expect.stringContaining(message)]);
  });

  it.each<[title: string, expression: string, notes: unknown]>([
    ['$match', '$match($row.A, /([a-z]+)-(\\d+)/i)[1].groups[1]', '22'],
    ['$replace', '$replace($row.A, /\\s+/, "_")', 'Ab-1_cd-22'],
    ['$contains', '$contains($row.A, /CD-\\d/i) ? "yes"', 'yes'],
    ['$split', '$split($row.A, /[-\\s]+/)[2]', 'cd'],
    ['a group without a part in the match', '$match($row.A, /(x)?b/).groups[0] = "x" ? "x" : "none"', 'none'],
  ])('matches patterns by %s', async (_title, expression, notes) => {
    const mapped = await noteBy(expression, { A: 'Ab-1\u00a0 cd-22' });
    expect([mapped?.reasons, mapped?.draft.notes]).toEqual([[], notes]);
  });

  it.each(['(a+)+$', '(a|a)*b', '(.*)(.*)(.*)(.*)=$', '(?:a?){50}a{50}b', '([a-z]+)*\\d'])(
    'ends on every text, whatever the pattern is: %s',
    async (pattern) => {
      const mapped = await noteBy(`$contains($row.A, /${pattern}/) ? "yes" : "no"`, { A: `${'a'.repeat(32_766)}!` });
      expect([mapped?.reasons, mapped?.draft.notes]).toEqual([[], 'no']);
    },
  );

  it('stops a pattern that matches too often in one text', async () => {
    const mapped = await noteBy('$count($match($row.A, /a[^y]*y|a/))', { A: 'a'.repeat(200_000) });
    expect(mapped?.reasons).toEqual([expect.objectContaining({ code: 'EXPRESSION_FAILED' })]);
  });

  it('names the columns that it reads, so that they count as mapped', () => {
    const mapping = compiled({ fields: { notes: { expression: '$row.A & $row.B' } } }, ['A', 'B', 'C']);
    expect(mapping.unmappedColumns).toEqual(['C']);
    expect(mapping.findColumns('notes')).toEqual(['A', 'B']);
  });

  it('needs its columns in the file', () => {
    expect(() => compiled({ fields: { notes: { expression: '$row.Phne' } } }, ['Phone'])).toThrow(
      /did you mean .*Phone/,
    );
  });
});

describe('the published example of a whole mapping', () => {
  const json = JSON.parse(readFileSync('fixtures/interface.mapping.json', 'utf8'));

  it('maps a complete row', async () => {
    const mapped = await mapCells(json, {
      'Account No': 'A-0042',
      Company: 'Koala Books',
      'First Name': 'MAEVE ',
      Street: '5 Wattle Grove',
      'Street 2': 'Suite 11',
      Phone: '02 5550 1201 x7',
      'Credit Limit': '1.250,50',
      'Mail OK': 'y',
      State: 'New South Wales',
      Country: '',
      'Customer Since': '2009',
      'Internal Remark': 'pays late',
    });
    expect(mapped).toEqual({
      key: 'A-0042',
      draft: {
        customerName: 'Koala Books',
        firstName: 'Maeve',
        address: '5 Wattle Grove, Suite 11',
        phoneNumber: '+61255501201 ext. 7',
        creditLimit: 1250.5,
        allowMailing: true,
        region: 'NSW',
        country: 'Australia',
        customerType: 'Adult',
        notes: 'Since 2009',
        cC_001: 'A-0042',
      },
      defaulted: ['country'],
      reasons: [],
      notes: [],
    });
    expect(createDraftValidator(parsed(json).customFields)(mapped?.draft ?? {})).toEqual([]);
  });
});
