// Loaded into the command line with --import: ends the process as the power would, at the n-th time that a moment comes
// (`any:n`: at the n-th of all moments).
import { subscribe } from 'node:diagnostics_channel';

const [moment, times = '1'] = (process.env.KILL_AT ?? '').split(':');
let left = Number(times);

subscribe('mypos-customers:milestone', (milestone) => {
  if (milestone !== moment && moment !== 'any') return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
