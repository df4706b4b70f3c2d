import { workbookContest } from '#bench/harness/workbook-contest.js';

export const benchmark = workbookContest(
  '300,000 × 20 of XLSX, half of them texts, beside exceljs and openpyxl. Aim: at least 2 × exceljs, below 200 MB.',
  false,
);
