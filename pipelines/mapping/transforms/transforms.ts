import { caseTransforms } from './case-transforms.js';
import { cuttingTransforms } from './cutting-transforms.js';
import { formTransforms } from './form-transforms.js';
import { phoneTransform } from './phone-transform.js';
import { tidyingTransforms } from './tidying-transforms.js';
import type { Transform } from './transform.js';
import { wideningTransforms } from './widening-transforms.js';

/** Every transform by the name that a mapping uses. */
export const transforms = {
  ...tidyingTransforms,
  ...caseTransforms,
  ...wideningTransforms,
  ...phoneTransform,
  ...formTransforms,
  ...cuttingTransforms,
} as const satisfies Record<string, Transform>;

export type TransformName = keyof typeof transforms;

export const transformNames = Object.keys(transforms) as readonly TransformName[];

export function isTransformName(name: string): name is TransformName {
  return Object.hasOwn(transforms, name);
}
