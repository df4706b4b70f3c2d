import { writeSync } from 'node:fs';
import { peakMiB } from './peak-memory.js';

/** Where whoever starts the process listens: a pipe beside the three that every process has. */
const usagePipe = 3;

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeSync(usagePipe, JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMiB: peakMiB() }));
});
