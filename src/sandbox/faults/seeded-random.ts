/** Numbers in [0, 1) that look random and are the same for the same seed (a 32-bit xorshift). */
export function seededRandom(seed: number): () => number {
  // Neighbouring seeds must not give neighbouring numbers, and an xorshift never leaves zero.
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
