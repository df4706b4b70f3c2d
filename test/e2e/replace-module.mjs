// Loaded into the command line before it starts (NODE_OPTIONS=--import …): whatever imports REPLACED_MODULE gets the
// source text in REPLACEMENT instead.
import { register } from 'node:module';

const { REPLACED_MODULE: replaced, REPLACEMENT: source } = process.env;
const url = `data:text/javascript,${encodeURIComponent(source)}`;

const hooks = `
export function resolve(specifier, context, next) {
  if (specifier === ${JSON.stringify(replaced)}) return { url: ${JSON.stringify(url)}, shortCircuit: true };
  return next(specifier, context);
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
