import { isFailure } from './gather-cells.js';
import type { TransformStep } from './mapping.js';
import type { Applied } from './transforms/transform.js';
import { isTransformName, transforms } from './transforms/transforms.js';

/** Makes one function of a list of transforms; it ends at the first that cannot do its work. */
export function compileTransforms(steps: readonly TransformStep[]): (text: string) => Applied {
  const applies = steps.flatMap(({ name, options }) =>
    isTransformName(name) ? [transforms[name].apply(options)] : [],
  );
  const [only] = applies;
  if (only === undefined) return (text) => text;
  if (applies.length === 1) return only;
  return (text) => {
    let current = text;
    let note: string | undefined;
    for (const apply of applies) {
      const applied = apply(current);
      if (typeof applied === 'string') current = applied;
      else if (isFailure(applied)) return applied;
      else ({ text: current, note } = applied);
    }
    return note === undefined ? current : { text: current, note };
  };
}
