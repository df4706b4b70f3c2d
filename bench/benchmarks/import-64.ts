import { importContest } from '../harness/import-contest.js';

export const benchmark = importContest(64);
