// Loaded into the command line before it starts (NODE_OPTIONS=--import …): writes the address of each module that it
// loads into the file MODULE_LOG, a line each, of whatever kind the module is.
import { appendFileSync } from 'node:fs';
import Module, { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const log = process.env.MODULE_LOG;

const hooks = `
import { appendFileSync } from 'node:fs';
export function load(url, context, next) {
  appendFileSync(${JSON.stringify(log)}, url + '\\n');
  return next(url, context);
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
process.on('exit', () => {
  for (const path of Object.keys(Module._cache)) appendFileSync(log, `${pathToFileURL(path).href}\n`);
});
