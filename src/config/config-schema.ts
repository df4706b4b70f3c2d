import { guards } from '#pipelines/guards.js';
import { type JsonSchema, nonEmptyText } from '#pipelines/shape.js';
import { exportJob, importJob } from './jobs.js';
import { notifyTarget } from './notify-targets.js';
import { configProperties, configVersion, profileProperties, type SettingDeclaration } from './settings.js';

const textSchema = nonEmptyText().schema;

const propertySchemas = {
  guards: guards.schema,
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
    jobs: { type: 'object', additionalProperties: { anyOf: [importJob.schema, exportJob.schema] } },
    notify: { type: 'object', additionalProperties: notifyTarget.schema },
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
