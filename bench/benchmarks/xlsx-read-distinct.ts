import { workbookContest } from '#bench/harness/workbook-contest.js';

export const benchmark = workbookContest(
  '300,000 × 20 of XLSX with 3,000,000 distinct shared strings, beside exceljs and openpyxl. Aim: as xlsx-read.',
  true,
);
