import { importContest } from '../harness/import-contest.js';

export const benchmark = importContest(16, 5);
