#!/usr/bin/env node
import { storedPage } from './stored-pages.js';

// Whoever reads may go away (`| head`), or its disk be full. The one who writes is told; no run ends because nobody listens.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const argv = process.argv.slice(2);
const page = storedPage(argv, process.stdout.columns);
if (page === undefined) {
  const [{ runCli }, { spareMemory }] = await Promise.all([import('./run-cli.js'), import('./spare-memory.js')]);
  spareMemory();
  process.exitCode = await runCli(argv);
} else process.stdout.write(page);
