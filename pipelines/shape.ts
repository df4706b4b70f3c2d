import type { MappingError, MappingErrorCode } from './mapping/mapping-issue.js';
import { suggestNames } from './mapping/nearest-name.js';

/** The path of a property below `path`: `fields.notes`, or `fields["loyalty tier"]` for names with other signs. */
export function propertyPath(path: string, property: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(property)) return `${path}[${JSON.stringify(property)}]`;
  return path === '' ? property : `${path}.${property}`;
}

/**
 * A place in the mapping file: its value, its path, and the list that problems go to.
 *
 * The `as…` methods give the value in the wanted kind, or `undefined`: silently when nothing is there, with a
 * problem when something else is.
 */
export class JsonNode {
  readonly value: unknown;
  readonly path: string;
  readonly #problems: MappingError[];

  constructor(value: unknown, path: string, problems: MappingError[]) {
    this.value = value;
    this.path = path;
    this.#problems = problems;
  }

  get isAbsent(): boolean {
    return this.value === undefined;
  }

  report(code: MappingErrorCode, message: string): undefined {
    this.#problems.push({ code, path: this.path, message });
  }

  /** The place of a property, which may be absent. */
  at(property: string): JsonNode {
    return new JsonNode(ownProperty(this.value, property), propertyPath(this.path, property), this.#problems);
  }

  has(property: string): boolean {
    return ownProperty(this.value, property) !== undefined;
  }

  /** Whether this is an object with known properties only; unknown ones are reported by name. */
  isObjectOf(properties: readonly string[]): boolean {
    if (!this.isObject()) return false;
    for (const property of Object.keys(this.value as object)) {
      if (!properties.includes(property))
        this.at(property).report(
          'PROPERTY_UNKNOWN',
          `"${property}" is unknown here; ${suggestNames(property, properties)}`,
        );
    }
    return true;
  }

  isObject(): boolean {
    if (this.isAbsent) return false;
    if (isPlainObject(this.value)) return true;
    this.report('WRONG_KIND', `Expected an object in { }, found ${describeKind(this.value)}`);
    return false;
  }

  entries(): readonly (readonly [name: string, place: JsonNode])[] {
    if (!isPlainObject(this.value)) return [];
    return Object.keys(this.value).map((name) => [name, this.at(name)]);
  }

  asList(): readonly JsonNode[] | undefined {
    if (this.isAbsent) return undefined;
    if (!Array.isArray(this.value))
      return this.report('WRONG_KIND', `Expected a list in [ ], found ${describeKind(this.value)}`);
    return this.value.map((item, position) => new JsonNode(item, `${this.path}[${position}]`, this.#problems));
  }

  /** Any text, also an empty one. */
  asAnyText(): string | undefined {
    if (this.isAbsent || typeof this.value === 'string') return this.value as string | undefined;
    return this.report('WRONG_KIND', `Expected a text in quotes, found ${describeKind(this.value)}`);
  }

  asText(): string | undefined {
    const text = this.asAnyText();
    if (text !== undefined && text.trim() === '') return this.report('WRONG_KIND', 'The text is blank; fill it in');
    return text;
  }

  asTexts(): readonly string[] | undefined {
    return this.asList()?.flatMap((item) => item.asText() ?? []);
  }

  asFlag(): boolean | undefined {
    if (this.isAbsent || typeof this.value === 'boolean') return this.value as boolean | undefined;
    return this.report('WRONG_KIND', `Expected true or false without quotes, found ${describeKind(this.value)}`);
  }

  asChoice<Choice extends string>(choices: readonly Choice[]): Choice | undefined {
    const text = this.asAnyText();
    if (text === undefined || choices.includes(text as Choice)) return text as Choice | undefined;
    return this.report('CHOICE_UNKNOWN', `"${text}" is not possible here; ${suggestNames(text, choices)}`);
  }

  asWholeNumber(least: number): number | undefined {
    if (this.isAbsent) return undefined;
    if (Number.isSafeInteger(this.value) && (this.value as number) >= least) return this.value as number;
    const bound = Number.isFinite(least) ? ` from ${least}` : '';
    return this.report(
      'WRONG_KIND',
      `Expected a whole number${bound} without quotes, found ${describeKind(this.value)}`,
    );
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownProperty(value: unknown, property: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, property) ? Reflect.get(value, property) : undefined;
}

function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : String(value);
}
