import type { ByteRange } from '#src/files/input-file.js';

/** Some of a text, as utf-8 and without its byte order mark. */
export interface TextRanges {
  /** To be asked for in the order of the text. */
  read(range: ByteRange): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Ranges of a text that can only be read from its start: what lies before and between them is passed by. */
export function rangesInOrder(chunks: AsyncGenerator<Buffer>): TextRanges {
  /** Bytes of the text before `rest`. */
  let passed = 0;
  let rest: Buffer = Buffer.alloc(0);
  return {
    async *read({ from, to }) {
      while (passed < to) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done === true) return;
          rest = next.value;
        }
        const wanted = rest.subarray(Math.max(0, from - passed), to - passed);
        const used = Math.min(rest.length, to - passed);
        rest = rest.subarray(used);
        passed += used;
        if (wanted.length > 0) yield wanted;
      }
    },
    async close() {
      await chunks.return(undefined);
    },
  };
}
