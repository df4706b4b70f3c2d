import { caseTransforms } from './case-transforms.js';
import { cuttingTransforms } from './cutting-transforms.js';
import { tidyingTransforms } from './tidying-transforms.js';
import type { Transform } from './transform.js';
import { wideningTransforms } from './widening-transforms.js';

/** Every transform by the name that a mapping uses. */
export const transforms = {
  ...tidyingTransforms,
  ...caseTransforms,
  ...wideningTransforms,
  ...cuttingTransforms,
} as const satisfies Record<string, Transform>;

export type TransformName = keyof typeof transforms;

export const transformNames = Object.keys(transforms) as readonly TransformName[];

/** Known by name and described, but not built into this version. */
export const announcedTransforms: ReadonlySet<string> = new Set(['phone']);

export function isTransformName(name: string): name is TransformName {
  return Object.hasOwn(transforms, name);
}
