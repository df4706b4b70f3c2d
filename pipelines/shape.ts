import type { Code } from './codes.js';
import type { Issue } from './issue.js';
import { suggestNames } from './mapping/nearest-name.js';

export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * One description of a JSON value: its TypeScript type ({@link TypeOf}), how it is read, and its JSON Schema.
 *
 * `read` returns `undefined` for a value that is absent, and for one that is wrong, which it has reported then.
 */
export interface Shape<Value> {
  readonly schema: JsonSchema;
  read(node: JsonNode): Value | undefined;
}

/** The TypeScript type of what a shape reads. */
export type TypeOf<Described> = Described extends Shape<infer Value> ? Value : never;

/** The path of a property below `path`: `fields.notes`, or `fields["loyalty tier"]` for names with other characters. */
export function propertyPath(path: string, property: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(property)) return `${path}[${JSON.stringify(property)}]`;
  return path === '' ? property : `${path}.${property}`;
}

/** An issue in a JSON document. */
export interface DocumentIssue extends Issue {
  /** Where in the document: `fields.phoneNumber.transform[0]`; empty for the document as a whole. */
  readonly path: string;
}

/** A value in a JSON document, with its path and the list that issues go to. */
export class JsonNode {
  readonly value: unknown;
  readonly path: string;
  readonly #issues: DocumentIssue[];

  constructor(value: unknown, path: string, issues: DocumentIssue[]) {
    this.value = value;
    this.path = path;
    this.#issues = issues;
  }

  get isAbsent(): boolean {
    return this.value === undefined;
  }

  report(code: Code, message: string): undefined {
    this.#issues.push({ severity: 'error', code, path: this.path, message });
  }

  /** Reports a value of the wrong kind. */
  reportKind(expected: string): undefined {
    this.report('WRONG_KIND', `Expected ${expected}, found ${describeKind(this.value)}`);
  }

  /** The node of a property, which may be absent. */
  at(property: string): JsonNode {
    return new JsonNode(readOwn(this.value, property), propertyPath(this.path, property), this.#issues);
  }

  has(property: string): boolean {
    return readOwn(this.value, property) !== undefined;
  }

  /** The same place with another value. */
  withValue(value: unknown): JsonNode {
    return new JsonNode(value, this.path, this.#issues);
  }

  /** The properties of an object; none of anything else. */
  entries(): readonly (readonly [name: string, node: JsonNode])[] {
    return isObject(this.value) ? Object.keys(this.value).map((name) => [name, this.at(name)]) : [];
  }

  /** The items of a list; none of anything else. */
  items(): readonly JsonNode[] {
    if (!Array.isArray(this.value)) return [];
    return this.value.map((item, index) => new JsonNode(item, `${this.path}[${index}]`, this.#issues));
  }
}

/** Makes a shape from a schema and a reader that only gets values that are present. */
export function shape<Value>(schema: JsonSchema, read: (node: JsonNode) => Value | undefined): Shape<Value> {
  return { schema, read: (node) => (node.isAbsent ? undefined : read(node)) };
}

/** Adds a check, which may turn the value into another, and keywords to the schema. */
export function refine<Value, Refined>(
  base: Shape<Value>,
  check: (value: Value, node: JsonNode) => Refined | undefined,
  schema: JsonSchema = {},
): Shape<Refined> {
  return shape({ ...base.schema, ...schema }, (node) => {
    const value = base.read(node);
    return value === undefined ? undefined : check(value, node);
  });
}

/** Any text, also an empty one. */
export function anyText(): Shape<string> {
  return shape({ type: 'string' }, (node) =>
    typeof node.value === 'string' ? node.value : node.reportKind('a string in quotes'),
  );
}

/** A text of at least one character, which may be a space. */
export function nonEmptyText(): Shape<string> {
  return refine(
    anyText(),
    (value, node) => (value === '' ? node.report('WRONG_KIND', 'The value is empty; fill it in') : value),
    { minLength: 1 },
  );
}

/** A text that is not blank. */
export function text(): Shape<string> {
  return refine(
    anyText(),
    (value, node) => (value.trim() === '' ? node.report('WRONG_KIND', 'The value is blank; fill it in') : value),
    { minLength: 1 },
  );
}

/** `true` or `false`. */
export function flag(): Shape<boolean> {
  return shape({ type: 'boolean' }, (node) =>
    typeof node.value === 'boolean' ? node.value : node.reportKind('true or false without quotes'),
  );
}

/** A whole number; any, or one from `minimum` on. */
export function wholeNumber(minimum?: number): Shape<number> {
  const bound = minimum === undefined ? '' : ` of ${minimum} or more,`;
  return shape({ type: 'integer', ...(minimum !== undefined && { minimum }) }, (node) => {
    const { value } = node;
    const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= (minimum ?? value);
    return fits ? value : node.reportKind(`a whole number${bound} without quotes`);
  });
}

/** A number from `minimum` on. */
export function number(minimum: number): Shape<number> {
  return shape({ type: 'number', minimum }, (node) => {
    const { value } = node;
    const fits = typeof value === 'number' && Number.isFinite(value) && value >= minimum;
    return fits ? value : node.reportKind(`a number from ${minimum} without quotes`);
  });
}

/** One of several texts. */
export function choice<const Choice extends string>(choices: readonly Choice[]): Shape<Choice> {
  return shape({ enum: choices }, (node) => {
    const { value } = node;
    const found = choices.find((name) => name === value);
    if (found !== undefined) return found;
    if (typeof value !== 'string') return node.reportKind('a string in quotes');
    return node.report('CHOICE_UNKNOWN', `"${value}" is not one of the choices; ${suggestNames(value, choices)}`);
  });
}

/** What is reported where a list or an object must not be empty and is. */
interface EmptyIssue {
  readonly code: Code;
  readonly message: string;
}

/** A list; items that are wrong are reported and left out. */
export function list<Item>(item: Shape<Item>, ifEmpty?: EmptyIssue): Shape<readonly Item[]> {
  const schema = { type: 'array', items: item.schema, ...(ifEmpty !== undefined && { minItems: 1 }) };
  return shape(schema, (node) => {
    if (!Array.isArray(node.value)) return node.reportKind('a list in [ ]');
    if (ifEmpty !== undefined && node.value.length === 0) return node.report(ifEmpty.code, ifEmpty.message);
    return node.items().flatMap((entry) => item.read(entry) ?? []);
  });
}

/** An object whose names are free; entries that are wrong are reported and left out. */
export function record<Item>(item: Shape<Item>, ifEmpty?: EmptyIssue): Shape<{ readonly [name: string]: Item }> {
  const schema = {
    type: 'object',
    ...(ifEmpty !== undefined && { minProperties: 1 }),
    additionalProperties: item.schema,
  };
  return shape(schema, (node) => {
    if (!isObject(node.value)) return node.reportKind('an object in { }');
    const entries = node.entries();
    if (ifEmpty !== undefined && entries.length === 0) return node.report(ifEmpty.code, ifEmpty.message);
    const read = entries.map(([name, value]) => [name, item.read(value)] as const);
    return Object.fromEntries(read.filter((entry): entry is [string, Item & {}] => entry[1] !== undefined));
  });
}

/** A property of an object: its shape, what it is for, and what holds when it is absent. */
export interface Property<Value = unknown, Presence extends 'required' | 'optional' = 'required' | 'optional'> {
  readonly shape: Shape<Value>;
  readonly description: string;
  readonly presence: Presence;
  readonly default?: Value;
}

export interface Properties {
  readonly [name: string]: Property;
}

/** A property that may be absent. */
export function optional<Value>(shape: Shape<Value>, description: string): Property<Value, 'optional'> {
  return { shape, description, presence: 'optional' };
}

/** A property that must be there. */
export function required<Value>(shape: Shape<Value>, description: string): Property<Value, 'required'> {
  return { shape, description, presence: 'required' };
}

/** A property that is always there after reading. */
export function withDefault<Value>(
  shape: Shape<Value>,
  value: Value,
  description: string,
): Property<Value, 'required'> {
  return { shape, description, presence: 'required', default: value };
}

type Simplify<Type> = { readonly [Name in keyof Type]: Type[Name] };

/** The object that properties describe. */
export type ObjectOf<Described extends Properties> = Simplify<
  {
    readonly [Name in keyof Described as Described[Name]['presence'] extends 'required' ? Name : never]: TypeOf<
      Described[Name]['shape']
    >;
  } & {
    readonly [Name in keyof Described as Described[Name]['presence'] extends 'required' ? never : Name]?: TypeOf<
      Described[Name]['shape']
    >;
  }
>;

/**
 * An object of named properties. Unknown names are reported with the nearest known one; properties that are wrong are
 * reported and left out. Without a required property, the whole object counts as wrong.
 *
 * @param exactlyOneOf - properties that exclude each other and of which one is needed; for the schema only, since each
 * reader has its own words for it
 */
export function object<const Described extends Properties>(
  properties: Described,
  exactlyOneOf: readonly (keyof Described & string)[] = [],
): Shape<ObjectOf<Described>> {
  const names = Object.keys(properties);
  return shape(objectSchema(properties, exactlyOneOf), (node) => {
    if (!isObject(node.value)) return node.reportKind('an object in { }');
    for (const [name, value] of node.entries())
      if (!names.includes(name))
        value.report('PROPERTY_UNKNOWN', `"${name}" is not a property here; ${suggestNames(name, names)}`);
    return readProperties(node, properties) as ObjectOf<Described> | undefined;
  });
}

function readProperties(node: JsonNode, properties: Properties): object | undefined {
  const found: { [name: string]: unknown } = {};
  let isComplete = true;
  for (const [name, property] of Object.entries(properties)) {
    const value = node.has(name) ? property.shape.read(node.at(name)) : property.default;
    if (value !== undefined) found[name] = value;
    else if (property.presence === 'required') {
      isComplete = false;
      if (!node.has(name)) node.report('PROPERTY_MISSING', `"${name}" is missing; add it`);
    }
  }
  return isComplete ? found : undefined;
}

function objectSchema(properties: Properties, exactlyOneOf: readonly string[]): JsonSchema {
  const all = Object.entries(properties);
  const needed = all.filter(([, { presence, default: value }]) => presence === 'required' && value === undefined);
  return {
    type: 'object',
    additionalProperties: false,
    ...(needed.length > 0 && { required: needed.map(([name]) => name) }),
    properties: Object.fromEntries(
      all.map(
        ([
          name,
          {
            shape: { schema },
            description,
            default: value,
          },
        ]) => [name, { ...schema, description, ...(value !== undefined && { default: value }) }],
      ),
    ),
    ...(exactlyOneOf.length > 0 && { oneOf: exactlyOneOf.map((name) => ({ required: [name] })) }),
  };
}

/** A text as the short form of an object. */
export function textOr<Text extends string, Value>(
  short: Shape<Text>,
  long: Shape<Value>,
  expected: string,
): Shape<Text | Value> {
  return shape<Text | Value>({ anyOf: [short.schema, long.schema] }, (node) => {
    if (typeof node.value === 'string') return short.read(node);
    return isObject(node.value) ? long.read(node) : node.reportKind(`${expected} in quotes or an object in { }`);
  });
}

/** Whether a JSON value is an object in `{ }`. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readOwn(value: unknown, property: string): unknown {
  return isObject(value) && Object.hasOwn(value, property) ? value[property] : undefined;
}

function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : String(value);
}
