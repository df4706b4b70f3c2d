#!/usr/bin/env node
import { runCli } from './run-cli.js';

// The reader of our output may stop reading (`| head`), or its disk may be full. A run goes on without being read.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await runCli(process.argv.slice(2));
