// Preloaded into a process under test: csv-parse is replaced by a module whose parser throws.
import { register } from 'node:module';

const replacement = `data:text/javascript,${encodeURIComponent(`
export class CsvError extends Error {}
export function parse() {
  throw new Error('csv-parse was called.');
}`)}`;

const hooks = `
export function resolve(specifier, context, next) {
  return specifier.startsWith('csv-parse') ? { url: ${JSON.stringify(replacement)}, shortCircuit: true } : next(specifier, context);
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
