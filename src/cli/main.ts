#!/usr/bin/env node
import { runCli } from './run-cli.js';
import { spareMemory } from './spare-memory.js';

// Whoever reads may go away (`| head`), or its disk be full. The one who writes is told; no run ends because nobody listens.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

spareMemory();
process.exitCode = await runCli(process.argv.slice(2));
