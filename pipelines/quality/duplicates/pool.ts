/** Distinct texts with numbers from 1; 0 is no text. A million records with few distinct names keep each name once. */
export class TextPool {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [''];

  /** @param text - an empty one is none */
  intern(text: string): number {
    if (text === '') return 0;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#texts.length;
    this.#ids.set(text, id);
    this.#texts.push(text);
    return id;
  }

  text(id: number): string {
    return this.#texts[id] ?? '';
  }
}

/** A list of whole numbers that grows; what was never set is 0. */
export class IntColumn {
  #values = new Int32Array(1024);

  get(at: number): number {
    return this.#values[at] ?? 0;
  }

  set(at: number, value: number): void {
    if (at >= this.#values.length) this.#grow(at);
    this.#values[at] = value;
  }

  add(at: number, value: number): void {
    this.set(at, this.get(at) + value);
  }

  #grow(at: number): void {
    const values = new Int32Array(Math.max(at + 1, Math.ceil(this.#values.length * 1.5)));
    values.set(this.#values);
    this.#values = values;
  }
}

/** A hash of 32 bits. */
export function hashText(text: string, seed: number): number {
  let hash = seed ^ 0x9e3779b9;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash | 0;
}

/** One hash of several numbers. */
export function hashNumbers(seed: number, a: number, b: number, c = 0): number {
  let hash = Math.imul(seed ^ 0x85ebca6b, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ a, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ b, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16) ^ c, 0x27d4eb2f);
  return (hash ^ (hash >>> 15)) | 0;
}
