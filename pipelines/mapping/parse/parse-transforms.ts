import type { TransformStep } from '#pipelines/mapping/mapping.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import type { Transform, TransformOption } from '#pipelines/mapping/transforms/transform.js';
import { isTransformName, transformNames, transforms } from '#pipelines/mapping/transforms/transforms.js';
import type { Place } from './place.js';
import { optionReaders } from './transform-options.js';

/** Reads the list of transforms: names, or objects with one name and its options. */
export function parseTransforms(place: Place): readonly TransformStep[] {
  return (place.asList() ?? []).flatMap((item) => parseStep(item) ?? []);
}

function parseStep(place: Place): TransformStep | undefined {
  if (typeof place.value === 'string') return parseNamed(place.value, place, undefined);
  if (!place.isObject()) return undefined;
  const [entry, ...others] = place.entries();
  if (entry === undefined || others.length > 0)
    return place.problem('WRONG_KIND', 'Expected one transform, such as "trim" or { "pad": { "length": 4 } }');
  return parseNamed(entry[0], place, entry[1]);
}

function parseNamed(name: string, place: Place, options: Place | undefined): TransformStep | undefined {
  if (isTransformName(name)) return parseOptions(name, transforms[name], place, options);
  return place.problem('TRANSFORM_UNKNOWN', `There is no transform "${name}"; ${offerNames(name, transformNames)}`);
}

function parseOptions(name: string, definition: Transform, place: Place, options: Place | undefined) {
  if (options !== undefined && !options.isObjectOf(Object.keys(definition.options))) return undefined;
  const values: { [option: string]: string | number } = {};
  for (const [option, rule] of Object.entries(definition.options)) {
    const value = options === undefined || !options.has(option) ? rule.default : readOption(options.at(option), rule);
    if (value !== undefined) values[option] = value;
    else if (options === undefined || !options.has(option))
      place.problem('PROPERTY_MISSING', `"${name}" needs "${option}": write { "${name}": { "${option}": … } }`);
  }
  const isWhole = Object.keys(definition.options).every((option) => option in values);
  const fault = isWhole ? definition.fault?.(values) : undefined;
  if (fault !== undefined) place.problem('OPTION_INVALID', fault);
  return { name, options: values };
}

function readOption(place: Place, rule: TransformOption): string | number | undefined {
  return optionReaders[rule.kind](place, rule);
}
