import { appendFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, startReading } from '#src/files/input-file.js';
import { catchFailure, useTempFiles } from './temp-files.js';

const files = useTempFiles();
const text = `Name,Town\n${Array.from({ length: 15_000 }, (_, n) => `Zoë ${n},"東京\n${n * 7919}"`).join('\n')}\n`;

describe('a gzip file', () => {
  it('reads as what it holds', async () => {
    const plain = await files.read(text);
    const packed = await files.read(gzipSync(text), {}, 'customers.csv.gz');
    expect(packed.rows).toEqual(plain.rows);
    expect(packed.source.detected).toMatchObject({ format: 'csv', compression: 'gzip' });
  });

  it('may consist of several members', async () => {
    const packed = Buffer.concat([gzipSync('a,b\n1,2\n'), gzipSync('3,4\n')]);
    expect((await files.read(packed)).cells).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('may hold NDJSON', async () => {
    expect((await files.read(gzipSync('{"a":"1"}\n'))).source.detected).toMatchObject({
      format: 'ndjson',
      compression: 'gzip',
    });
  });

  it.each([10, 200, -1, -9])('that was cut at byte %i is an error', async (end) => {
    expect((await catchFailure(files.open(gzipSync(text).subarray(0, end)))).code).toBe('GZIP_CUT');
  });

  it('that was damaged is an error', async () => {
    const packed = gzipSync(text);
    packed.fill(0x55, 100, 140);
    expect((await catchFailure(files.open(packed))).code).toBe('GZIP_DAMAGED');
  });

  it('that holds a web page is called one', async () => {
    expect((await catchFailure(files.open(gzipSync('<html>')))).code).toBe('HTML_FILE');
  });

  it('that expands to more than allowed is an error', async () => {
    const gzipLimits = { maxBytes: 1000, maxRatio: 200 };
    expect((await catchFailure(files.open(gzipSync(text), { gzipLimits }))).code).toBe('GZIP_TOO_LARGE');
  });

  it('that expands a thousandfold is an error', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 'a,b\n'));
    expect((await catchFailure(files.open(bomb))).code).toBe('GZIP_TOO_LARGE');
  });

  it('whose disk fails in the middle rejects instead of hanging', async () => {
    async function* failingDisk() {
      yield gzipSync(text).subarray(0, 1000);
      throw new Error('EIO');
    }
    const drain = async () => {
      for await (const chunk of gunzip(failingDisk(), 'x.gz')) expect(chunk.length).toBeGreaterThan(0);
    };
    await expect(drain()).rejects.toThrow('EIO');
  });
});

it('a file that grows while it is read ends where it ended when it was found', async () => {
  const path = files.write(text);
  const reading = await startReading(path);
  let bytes = 0;
  for await (const chunk of reading.chunks()) {
    if (bytes === 0) appendFileSync(path, text);
    bytes += chunk.length;
  }
  expect(bytes).toBe(Buffer.byteLength(text));
});
