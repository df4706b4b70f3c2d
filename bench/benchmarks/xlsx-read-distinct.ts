import { defineWorkbookBenchmark } from '#bench/harness/workbook-benchmark.js';

export const benchmark = defineWorkbookBenchmark(
  '300,000 × 20 of XLSX with 3,000,000 distinct shared strings, beside exceljs and openpyxl. Aim: as xlsx-read.',
  true,
);
