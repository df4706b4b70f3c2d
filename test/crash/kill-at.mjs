// Loaded into the command line before it starts (NODE_OPTIONS=--import …): kills the process the n-th time that a moment
// comes. KILL_AT is `<moment>:<n>`, where the moment `any` is any of them.
import { subscribe } from 'node:diagnostics_channel';

const [wanted, nth] = (process.env.KILL_AT ?? '').split(':');
let seen = 0;

function come(moment) {
  if (wanted !== 'any' && wanted !== moment) return;
  seen += 1;
  if (seen === Number(nth)) process.kill(process.pid, 'SIGKILL');
}

const onWire = {
  'undici:client:sendHeaders': 'before-send',
  'undici:request:bodySent': 'after-send',
  'undici:request:headers': 'answer-begins',
};

subscribe('mypos-customers:milestone', (milestone) => come(String(milestone)));
for (const [channel, moment] of Object.entries(onWire))
  subscribe(channel, ({ request }) => {
    // Reads change nothing, so only the random kills happen at them.
    if (request.method !== 'GET' && !request.path.endsWith('/auth/token')) come(moment);
    else if (wanted === 'any') come('read');
  });
