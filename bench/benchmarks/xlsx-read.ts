import { defineWorkbookBenchmark } from '#bench/harness/workbook-benchmark.js';

export const benchmark = defineWorkbookBenchmark(
  '300,000 × 20 of XLSX, half of them texts, beside exceljs and openpyxl. Aim: at least 2 × exceljs, below 200 MB.',
  false,
);
