import { guardRules } from '#pipelines/guards.js';
import { exportJobKeys, importJobKeys, type JobKey } from './jobs.js';
import { configProperties, configVersion, profileProperties, type SettingDeclaration } from './settings.js';

type JsonSchema = { readonly [keyword: string]: unknown };

const textSchema: JsonSchema = { type: 'string', minLength: 1 };

const guardsSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(guardRules).map(([name, description]) => [
      name,
      name === 'header' ? { const: 'same', description } : { type: 'number', minimum: 0, maximum: 100, description },
    ]),
  ),
};

const propertySchemas = {
  guards: guardsSchema,
  text: textSchema,
  'number or text': { anyOf: [{ type: 'number', exclusiveMinimum: 0 }, textSchema] },
  switch: { type: 'boolean' },
} as const satisfies Record<SettingDeclaration['type'], JsonSchema>;

/** The published JSON Schema of the configuration file, made from the tables that its reader uses. */
export function buildConfigSchema(): JsonSchema {
  const profile = Object.entries(profileProperties).map(([name, { type, description }]) => [
    name,
    { ...propertySchemas[type], description },
  ]);
  const properties = {
    $schema: { type: 'string' },
    version: { const: configVersion },
    defaultProfile: textSchema,
    profiles: {
      type: 'object',
      additionalProperties: { type: 'object', additionalProperties: false, properties: Object.fromEntries(profile) },
    },
    jobs: { type: 'object', additionalProperties: { anyOf: [importJobKeys, exportJobKeys].map(buildJobSchema) } },
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

function buildJobSchema(keys: Readonly<Record<string, JobKey>>): JsonSchema {
  const properties = Object.entries(keys).map(([name, key]) => [
    name,
    { ...buildKeySchema(key), description: key.describe },
  ]);
  const required = Object.keys(keys).filter((name) => keys[name]?.required === true);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
  };
}

function buildKeySchema(key: JobKey): JsonSchema {
  switch (key.holds) {
    case 'text':
      return textSchema;
    case 'texts':
      return { anyOf: [textSchema, { type: 'array', minItems: 1, items: textSchema }] };
    case 'flag':
      return { type: 'boolean' };
    case 'number':
      return { type: key.whole ? 'integer' : 'number', minimum: key.from };
    case 'choice':
      return { anyOf: key.choices.map((choice) => ({ const: choice })) };
  }
}
