import { guardRules } from '../../pipelines/guards.js';
import { configProperties, configVersion, profileProperties } from './config-properties.js';

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
