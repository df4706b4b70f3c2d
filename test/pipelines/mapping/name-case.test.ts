import { describe, expect, it } from 'vitest';
import { nameCase } from '#pipelines/mapping/transforms/name-case.js';

describe('nameCase', () => {
  it.each([
    ['MAEVE', 'Maeve'],
    ["o'brien", "O'Brien"],
    ['O’BRIEN', 'O’Brien'],
    ["DELL'ACQUA", "Dell'Acqua"],
    ["JOHN'S", "John's"],
    ['MCDONALD', 'McDonald'],
    ['mckay', 'McKay'],
    ['MCO', 'Mco'],
    ['MACLEOD', 'Macleod'],
    ['MacLeod', 'MacLeod'],
    ['Mcdonald', 'Mcdonald'],
    ['VAN DER BERG', 'van der Berg'],
    ['van der berg', 'van der Berg'],
    ['Van Der Berg', 'Van Der Berg'],
    ['VAN', 'Van'],
    ['JAN VAN DER BERG', 'Jan van der Berg'],
    ['DE LA CRUZ', 'de la Cruz'],
    ['SMITH-JONES', 'Smith-Jones'],
    ['ANNE-marie', 'Anne-Marie'],
    ['j.r. SMITH', 'J.R. Smith'],
    ['ST. JOHN', 'St. John'],
    ['JOHN SMITH III', 'John Smith III'],
    ['ivo', 'Ivo'],
    ['ÉLODIE ØSTERGÅRD', 'Élodie Østergård'],
    ['日本', '日本'],
    ['小林 SAKURA', '小林 Sakura'],
    ['  ann   LEE ', '  Ann   Lee '],
    ['4TH', '4th'],
    ['', ''],
  ])('writes %j as %j', (text, expected) => {
    expect(nameCase(text)).toBe(expected);
  });
});
