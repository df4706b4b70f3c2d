import type { Archive } from './archive.js';
import { readIndexPart } from './read-part.js';

export interface Relationship {
  readonly id: string;
  /** The last word of its type, which transitional and strict documents share: `worksheet`, `styles` … */
  readonly kind: string;
  /** The name of the part it leads to. */
  readonly part: string;
}

/** What a part refers to; `''` stands for the package itself. Empty when the part refers to nothing. */
export async function readRelationships(archive: Archive, owner: string): Promise<readonly Relationship[]> {
  const slash = owner.lastIndexOf('/') + 1;
  const part = `${owner.slice(0, slash)}_rels/${owner.slice(slash)}.rels`;
  const relationships: Relationship[] = [];
  if (!archive.has(part)) return relationships;
  await readIndexPart(archive, part, {
    open(name, attributes) {
      if (name !== 'Relationship' || attributes.TargetMode?.value === 'External') return;
      const { Id, Type, Target } = attributes;
      if (Id === undefined || Type === undefined || Target === undefined) return;
      const kind = Type.value.slice(Type.value.lastIndexOf('/') + 1);
      relationships.push({ id: Id.value, kind, part: resolveTarget(owner, Target.value) });
    },
  });
  return relationships;
}

/** Targets are relative to their owner's folder, or absolute with a slash; some writers use backslashes. */
function resolveTarget(owner: string, target: string): string {
  const path = decoded(target).replaceAll('\\', '/');
  const steps = path.startsWith('/') ? [] : owner.split('/').slice(0, -1);
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps.join('/');
}

function decoded(target: string): string {
  try {
    return decodeURI(target);
  } catch {
    return target;
  }
}
