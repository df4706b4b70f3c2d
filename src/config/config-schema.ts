import { guardRules } from '#pipelines/guards.js';
import { configProperties, configVersion, profileProperties } from './config-properties.js';
import { exportJobKeys, importJobKeys, type JobKey } from './job-keys.js';

type JsonSchema = { readonly [keyword: string]: unknown };

const text: JsonSchema = { type: 'string', minLength: 1 };

const guards: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(guardRules).map(([name, description]) => [
      name,
      name === 'header' ? { const: 'same', description } : { type: 'number', minimum: 0, maximum: 100, description },
    ]),
  ),
};

const kinds = {
  guards,
  text,
  'number or text': { anyOf: [{ type: 'number', exclusiveMinimum: 0 }, text] },
} as const satisfies Record<(typeof profileProperties)[keyof typeof profileProperties]['holds'], JsonSchema>;

/** The published JSON Schema of the configuration file, made from the tables that its reader uses. */
export function configSchema(): JsonSchema {
  const profile = Object.entries(profileProperties).map(([name, { about, holds }]) => [
    name,
    { ...kinds[holds], description: about },
  ]);
  const properties = {
    $schema: { type: 'string' },
    version: { const: configVersion },
    defaultProfile: text,
    profiles: {
      type: 'object',
      additionalProperties: { type: 'object', additionalProperties: false, properties: Object.fromEntries(profile) },
    },
    jobs: { type: 'object', additionalProperties: { anyOf: [importJobKeys, exportJobKeys].map(jobSchema) } },
  } satisfies Record<keyof typeof configProperties, JsonSchema>;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The configuration of mypos-customers',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [
        name,
        { ...schema, description: configProperties[name as keyof typeof configProperties] },
      ]),
    ),
  };
}

function jobSchema(keys: Readonly<Record<string, JobKey>>): JsonSchema {
  const properties = Object.entries(keys).map(([name, key]) => [
    name,
    { ...keySchema(key), description: key.describe },
  ]);
  const required = Object.keys(keys).filter((name) => keys[name]?.required === true);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
  };
}

function keySchema(key: JobKey): JsonSchema {
  switch (key.holds) {
    case 'text':
      return text;
    case 'texts':
      return { anyOf: [text, { type: 'array', minItems: 1, items: text }] };
    case 'flag':
      return { type: 'boolean' };
    case 'number':
      return { type: key.whole ? 'integer' : 'number', minimum: key.from };
    case 'choice':
      return { anyOf: key.choices.map((choice) => ({ const: choice })) };
  }
}
