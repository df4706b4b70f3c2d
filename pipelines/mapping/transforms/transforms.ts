import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import {
  isObject,
  type JsonNode,
  type JsonSchema,
  object,
  type Properties,
  type Shape,
  shape,
} from '#pipelines/shape.js';
import { caseTransforms } from './case.js';
import { dateAndNumberTransforms } from './date-and-number.js';
import { nameTransforms } from './name.js';
import { phoneTransform } from './phone.js';
import { textTransforms } from './text.js';
import type { Transform } from './transform.js';

/**
 * Every transform by the name that a mapping uses. A new one is an entry in `text.ts` or one of the others: the parser, the
 * JSON Schema, exports and templates read it from here.
 */
export const transforms = {
  ...textTransforms,
  ...caseTransforms,
  ...nameTransforms,
  ...phoneTransform,
  ...dateAndNumberTransforms,
} as const satisfies Record<string, Transform>;

export type TransformName = keyof typeof transforms;

const transformNames = Object.keys(transforms) as readonly TransformName[];

/** One transform of a rule, with all its options. */
export interface TransformStep {
  readonly name: TransformName;
  readonly options: { readonly [option: string]: unknown };
}

function isTransformName(name: string): name is TransformName {
  return Object.hasOwn(transforms, name);
}

/** A transform in a rule: its name, or an object with one name and its options. */
export const transformStep: Shape<TransformStep> = shape({ $ref: '#/definitions/transform' }, (node) => {
  if (typeof node.value === 'string') return readStep(node.value, node, undefined);
  if (!isObject(node.value)) return node.reportKind('the name of a transform or an object in { }');
  const [entry, ...more] = node.entries();
  if (entry === undefined || more.length > 0)
    return node.report('WRONG_KIND', 'Expected one transform, such as "trim" or { "pad": { "length": 4 } }');
  return readStep(entry[0], node, entry[1]);
});

function readStep(name: string, node: JsonNode, given: JsonNode | undefined): TransformStep | undefined {
  if (!isTransformName(name))
    return node.report('TRANSFORM_UNKNOWN', `There is no transform "${name}"; ${suggestNames(name, transformNames)}`);
  const { options: properties, findFault } = transforms[name];
  const [missing] = given === undefined ? listRequired(properties) : [];
  if (missing !== undefined)
    return node.report('PROPERTY_MISSING', `"${name}" needs "${missing}": write { "${name}": { "${missing}": … } }`);
  const options = object(properties).read(given ?? node.withValue({}));
  const fault = options === undefined ? undefined : findFault?.(options);
  if (fault !== undefined) node.report('OPTION_INVALID', fault);
  return options === undefined ? undefined : { name, options };
}

function listRequired(properties: Properties): readonly string[] {
  return Object.keys(properties).filter((name) => {
    const property = properties[name];
    return property?.presence === 'required' && property.default === undefined;
  });
}

/** The JSON Schema of {@link transformStep}, which the schema of the mapping defines once. */
export function buildTransformSchema(): JsonSchema {
  return {
    anyOf: transformNames.map((name) => {
      const { description, options: properties } = transforms[name];
      const withOptions = {
        type: 'object',
        additionalProperties: false,
        required: [name],
        properties: { [name]: { description, ...object(properties).schema } },
      };
      return listRequired(properties).length > 0 ? withOptions : { anyOf: [{ const: name, description }, withOptions] };
    }),
  };
}
