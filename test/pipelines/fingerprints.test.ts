import { describe, expect, it } from 'vitest';
import { FingerprintIndex } from '#pipelines/fingerprints.js';

describe('the index of fingerprints', () => {
  it('numbers 200,000 texts that differ in few digits, each once', () => {
    const texts = Array.from({ length: 200_000 }, (_, at) => `41deea20-39ab-48f3-bcbf-${String(at).padStart(12, '0')}`);
    const index = new FingerprintIndex();
    expect(texts.every((text, at) => index.number(text) === at)).toBe(true);
    expect(texts.every((text, at) => index.number(text) === at)).toBe(true);
    expect(index.size).toBe(200_000);
  });

  it('tells short codes apart', () => {
    const index = new FingerprintIndex();
    const codes = Array.from({ length: 10_000 }, (_, at) => String(at));
    expect(codes.filter((code) => index.add(code))).toHaveLength(10_000);
    expect(codes.filter((code) => index.add(code))).toEqual([]);
  });

  it('takes the empty text, texts beyond ASCII, and texts that begin alike', () => {
    const index = new FingerprintIndex();
    const texts = ['', '東京', '東', '\0', '\0\0', 'a'.repeat(10_000), 'a'.repeat(10_001)];
    expect(texts.map((text) => index.number(text))).toEqual([...texts.keys()]);
  });
});
