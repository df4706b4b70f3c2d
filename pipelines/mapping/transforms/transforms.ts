import { caseTransforms } from './case.js';
import { dateAndNumberTransforms } from './date-and-number.js';
import { phoneTransform } from './phone.js';
import { cuttingTransforms, tidyingTransforms, wideningTransforms } from './text.js';
import type { Transform } from './transform.js';

/** Every transform by the name that a mapping uses. */
export const transforms = {
  ...tidyingTransforms,
  ...caseTransforms,
  ...wideningTransforms,
  ...phoneTransform,
  ...dateAndNumberTransforms,
  ...cuttingTransforms,
} as const satisfies Record<string, Transform>;

export type TransformName = keyof typeof transforms;

export const transformNames = Object.keys(transforms) as readonly TransformName[];

export function isTransformName(name: string): name is TransformName {
  return Object.hasOwn(transforms, name);
}
