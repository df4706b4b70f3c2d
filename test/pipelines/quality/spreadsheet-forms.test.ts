import { describe, expect, it } from 'vitest';
import { findSpreadsheetForm, looksSpreadsheetMade } from '#pipelines/quality/spreadsheet-forms.js';

describe('what a spreadsheet program makes of a cell', () => {
  it.each([
    ['0002', '2', 'number'],
    ['0801', '801', 'number'],
    ['+61491570156', '61491570156', 'number'],
    ['0491 570 156', '491570156', 'number'],
    ['100123456789', '1.00123E+11', 'number'],
    ['1234567890123456789', '1.23457E+18', 'number'],
    ['1234567890123456789', '1234567890123450000', 'number'],
    ['12345678901234567', '12345678901234600', 'number'],
    ['1E5', '100000', 'number'],
    ['1,50', '1.5', 'number'],
    ['1.50', '1,5', 'number'],
    ['1,234.50', '1234.5', 'number'],
    ['15%', '0.15', 'number'],
    ['(120)', '-120', 'number'],
    ['1.0', '1', 'number'],
    ['12-03', '12-Mar', 'date'],
    ['12-03', '03.12.2026', 'date'],
    ['3/12', '2026-12-03', 'date'],
    ['1/2', '2-Jan', 'date'],
    ['MAR12', '12-Mar', 'date'],
    ['SEP-2', '02. Sep', 'date'],
    ['2026-03-12', '12/03/2026', 'date'],
    ['2026-03-12', '3/12/26', 'date'],
    ['2026-03-12', '46093', 'date'],
    ['12 March 2026', '12-Mar-26', 'date'],
    ['03/2026', 'Mar-26', 'date'],
    ['8:30', '08:30:00', 'date'],
    ['2026-03-12 08:30', '12/03/2026 8:30', 'date'],
    ['true', 'TRUE', 'boolean'],
    ['False', 'FALSCH', 'boolean'],
    ['-Anna', '#NAME?', 'formula'],
    ['=1+1', '2', 'formula'],
    ['Łódź', 'Å\u0081Ã³dÅº', 'encoding'],
    ['Łódź', 'Å\uf181Ã³dÅº', 'encoding'],
    ['100123456789', '########', 'width'],
    ['König GmbH', 'KÃ¶nig GmbH', 'encoding'],
    ['König GmbH', 'KÃƒÂ¶nig GmbH', 'encoding'],
    ['Łódź', '?ódz', 'encoding'],
    ['König', 'K\ufffdnig', 'encoding'],
    [' Ann ', 'Ann', 'space'],
    ['a\r\nb', 'a\nb', 'space'],
    ["'0800", '0800', 'number'],
    ["'Ndrangheta", 'Ndrangheta', 'space'],
    ['Café – Bar', 'CafÃ© â€“ Bar', 'encoding'],
    ['Café', 'Caf√©', 'encoding'],
    ["'0800", '800', 'number'],
    ['="0801"', '801', 'number'],
  ])('knows "%s" in "%s"', (before, after, form) => {
    expect(findSpreadsheetForm(before, after)).toBe(form);
  });

  it.each([
    ['0002', '3'],
    ['0002', '20'],
    ['0002', '0002'],
    ['0002', ''],
    ['', '0'],
    ['100123456789', '1.00124E+11'],
    ['12-03', '13-Mar'],
    ['12-03', '12-Apr'],
    ['2026-03-12', '12/04/2026'],
    ['true', 'FALSE'],
    ['Ann', '#NAME?'],
    ['+61 491 570 156', '0491570157'],
    ['=1+1', 'Ann'],
    ['König GmbH', 'Kaiser GmbH'],
    ['König GmbH', 'Koenig GmbH'],
    ['Ann', 'ann'],
    ['kein', 'bob@example.com'],
    ['Maybe 5', '5'],
  ])('takes "%s" and "%s" for an edit, or for the same', (before, after) => {
    expect(findSpreadsheetForm(before, after)).toBeUndefined();
  });

  it('sees what was made of a text that it does not know', () => {
    expect(['1.00123E+11', '12-Mar', 'Mar-12', '02. Sep', '####', '#NAME?'].filter(looksSpreadsheetMade)).toHaveLength(
      6,
    );
    expect(['0002', '2', '2026-03-12', 'MAR12', 'E10', '#1', '12-Ann'].filter(looksSpreadsheetMade)).toEqual([]);
  });
});
