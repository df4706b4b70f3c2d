import { startSandbox } from '#src/sandbox/start-sandbox.js';

// A sandbox in a process of its own, for the test that kills it.
const sandbox = await startSandbox({ dataFile: process.argv[2] ?? '' });
process.send?.({ port: sandbox.port });
