import { importContest } from '#bench/harness/import-contest.js';

export const benchmark = importContest(16);
