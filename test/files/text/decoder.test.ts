import { stringify } from 'csv-stringify/sync';
import iconv from 'iconv-lite';
import { expect, it } from 'vitest';
import { createDecoder } from '#src/files/text/decoder.js';
import { awkwardColumns, awkwardCustomers } from '#test/files/awkward-customers.js';

it.each(['utf-8', 'utf-16le', 'utf-16be', 'gb18030'])(
  'a decoder that gets one byte at a time loses no character of %s',
  (encoding) => {
    const text = stringify([[...awkwardColumns], ...awkwardCustomers.map((cells) => [...cells])]);
    const bytes = iconv.encode(text, encoding);
    const decoder = createDecoder({ name: encoding });
    const chunks = [...bytes.keys()].map((at) => decoder.write(bytes.subarray(at, at + 1)));
    const decoded = [...chunks, decoder.end()];
    expect(decoded.some(({ badAt }) => badAt !== undefined)).toBe(false);
    expect(Buffer.concat(decoded.map((chunk) => chunk.text)).toString()).toBe(text);
  },
);
