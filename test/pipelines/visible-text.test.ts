import { expect, it } from 'vitest';
import { showJson, showLine, showLines } from '#pipelines/visible-text.js';

it('what a terminal would obey is shown as an escape, and everything else as it is', () => {
  expect(showLine('Zoë 漢 👍 \u001b[2J\u009b1m\r\n\t\u202e\u007f')).toBe(
    'Zoë 漢 👍 \\x1b[2J\\u009b1m\\r\\n\\t\\u202e\\u007f',
  );
  expect(showLines('one\ntwo\rthree')).toBe('one\ntwo\\rthree');
});

it('JSON stays the same document', () => {
  const document = { text: 'a\u001b\u009b\u202e\u2028\n\t"\\' };
  const json = showJson(JSON.stringify(document, null, 2));
  expect(json).not.toMatch(/[\u009b\u202e\u2028]/);
  expect(JSON.parse(json)).toEqual(document);
  expect(JSON.parse(showLines(JSON.stringify(document, null, 2)))).toEqual(document);
});
