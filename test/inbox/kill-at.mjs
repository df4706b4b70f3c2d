// Loaded into the command line with --import: ends the process as the power would, at the n-th time that a moment comes.
import { subscribe } from 'node:diagnostics_channel';

const [moment, times = '1'] = (process.env.KILL_AT ?? '').split(':');
let left = Number(times);

subscribe('mypos-customers:milestone', (milestone) => {
  if (milestone !== moment) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
