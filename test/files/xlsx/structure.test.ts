import { describe, expect, it } from 'vitest';
import { open, read, rowsOf, textRow, workbookParts } from './make-workbook.js';

const plainRows = textRow(1, 'Name', 'City') + textRow(2, 'Zoë', '東京 😀');
const plain = [['Zoë', '東京 😀']];

describe('the parts of a workbook', () => {
  it.each([
    ['under another name (ClosedXML, trap R3)', 'xl/worksheets/sheet.xml', 'worksheets/sheet.xml'],
    ['by an absolute target (R3)', 'xl/worksheets/sheet1.xml', '/xl/worksheets/sheet1.xml'],
    ['by a target with backslashes', 'xl/worksheets/sheet1.xml', 'worksheets\\sheet1.xml'],
    ['by a target with dots', 'xl/worksheets/sheet1.xml', '../xl/./worksheets/sheet1.xml'],
    ['in another case than the target', 'XL/Worksheets/Sheet1.XML', 'worksheets/sheet1.xml'],
    ['stored with backslashes', 'xl\\worksheets\\sheet1.xml', 'worksheets/sheet1.xml'],
    ['stored with a leading slash', '/xl/worksheets/sheet1.xml', 'worksheets/sheet1.xml'],
    ['in a folder of its own', 'data/blatt eins.xml', '/data/blatt%20eins.xml'],
  ])('are found %s', async (_, sheetPart, sheetTarget) => {
    expect(await read({ rows: plainRows, sheetPart, sheetTarget })).toEqual(plain);
  });
});
void open;
void rowsOf;
void workbookParts;
