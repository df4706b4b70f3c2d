// Preloaded into a process under test: counts how often the file named by COUNTED_FILE is opened and how much of it is read.
import { writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

const counted = resolve(process.env.COUNTED_FILE ?? '');
const counts = { opens: 0, bytes: 0 };
const { open } = fs;

fs.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  if (resolve(String(path)) !== counted) return handle;
  counts.opens += 1;
  const read = handle.read.bind(handle);
  handle.read = async (...args) => {
    const result = await read(...args);
    counts.bytes += result.bytesRead;
    return result;
  };
  return handle;
};
syncBuiltinESMExports();
process.on('exit', () => writeFileSync(process.env.COUNT_LOG ?? '', JSON.stringify(counts)));
