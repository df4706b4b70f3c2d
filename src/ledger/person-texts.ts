import { readField } from '#pipelines/compare-customers.js';
import type { JsonValue } from '#pipelines/model.js';

/** Fields by which somebody is found again: names, addresses of e-mail, numbers of phones and of bank accounts. */
const tellingFields = [
  ...['customerName', 'emailAddress', 'phoneNumber', 'faxNumber', 'mobileNumber'],
  ...['bankAccount', 'bankAccountName', 'bankSortCode'],
] as const;

/** Shorter texts are in many other texts, too. */
const minLength = 5;

/** The texts of a customer that must not be found any more once it is erased. */
export function listTellingTexts(customer: { readonly [field: string]: JsonValue }): readonly string[] {
  const text = (field: string) => {
    const value = readField(customer, field);
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  };
  const [first, last] = [text('firstName'), text('lastName')];
  const names = first === '' || last === '' ? [] : [`${first} ${last}`, `${last}, ${first}`, `${last} ${first}`];
  return [...tellingFields.map(text), ...names].filter((value) => value.length >= minLength);
}

/** As they are, and as JSON writes them. */
function withJsonForms(texts: Iterable<string>): readonly string[] {
  return [...new Set([...texts].flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))];
}

/** Finds texts in others, in whatever case they are written. */
export class TextFinder {
  readonly #pattern: RegExp | undefined;
  /** As they are, and as JSON writes them; in no particular case. */
  readonly texts: readonly string[];

  constructor(texts: Iterable<string>) {
    this.texts = withJsonForms(texts);
    const escaped = this.texts.map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
    this.#pattern = escaped.length === 0 ? undefined : new RegExp(escaped.join('|'), 'giu');
  }

  isIn(text: string): boolean {
    return this.#pattern !== undefined && text.search(this.#pattern) >= 0;
  }

  /** The same text with a note in place of what was found. */
  replaceIn(text: string): string {
    return this.#pattern === undefined ? text : text.replaceAll(this.#pattern, '[erased]');
  }
}
