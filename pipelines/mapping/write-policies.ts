import { contentHash } from '#pipelines/compare-customers.js';
import type { ConflictPolicy, FieldRule, Mapping, WritePolicy, WriteRule } from './mapping.js';

/** When a field of an existing customer is written. */
export interface FieldPolicy {
  /** As the mapping spells it. */
  readonly field: string;
  readonly write: WritePolicy;
  readonly conflict: ConflictPolicy;
}

/** When the fields of a mapping are written to customers that exist. */
export interface WritePolicies {
  /** Whether every value is written whenever it differs. */
  readonly isAlways: boolean;
  /** Whether what was sent last decides about some field. */
  readonly usesLastSent: boolean;
  /** The field that stores the key, which is written where it is blank or holds an older key of this file's source. */
  readonly stamp?: string;
  /** Whether customers that were made inactive because the file lacked them become active again once it has them. */
  readonly reactivates: boolean;
  /**
   * @param field - in any case; one that is not mapped follows what the mapping says for all
   * @param isDefault - whether the value is the field's `default`, because its cell was blank
   */
  find(field: string, isDefault: boolean): FieldPolicy;
  /** Tells these policies from others, so that a row is decided again when the mapping has changed them. */
  readonly fingerprint: string;
}

/** A shop's edit lasts until the value in the file moves; then the file is the newer one. */
const defaultConflict: ConflictPolicy = 'file';

/** The policies of a mapping: what a field says, else what the mapping says for all, else what is safe for such a value. */
export function buildWritePolicies({
  fields,
  key,
  absent,
  ...all
}: Pick<Mapping, 'fields' | 'key' | 'absent'> & WriteRule): WritePolicies {
  const fromFile = new Map<string, FieldPolicy>();
  const fromDefault = new Map<string, FieldPolicy>();
  for (const rule of fields) {
    fromFile.set(rule.field.toLowerCase(), choosePolicy(rule, all, rule.kind === 'constant' ? 'whenEmpty' : 'always'));
    if (rule.kind !== 'constant' && rule.default !== undefined)
      fromDefault.set(rule.field.toLowerCase(), choosePolicy(rule, all, 'whenEmpty'));
  }
  // To customers that exist, the stamp follows a rule of its own.
  if (key?.stamp !== undefined)
    fromFile.set(key.stamp.toLowerCase(), { field: key.stamp, write: 'always', conflict: defaultConflict });
  const policies = [...fromFile.values(), ...fromDefault.values()];
  return {
    isAlways: policies.every(({ write }) => write === 'always') && (all.write ?? 'always') === 'always',
    ...(key?.stamp === undefined ? {} : { stamp: key.stamp }),
    usesLastSent: policies.some(({ write }) => write === 'whenChanged'),
    reactivates: absent === 'deactivate' && !fromFile.has('active'),
    find(field, isDefault) {
      const name = field.toLowerCase();
      const found = (isDefault ? fromDefault.get(name) : undefined) ?? fromFile.get(name);
      return found ?? { field, write: all.write ?? 'always', conflict: all.conflict ?? defaultConflict };
    },
    fingerprint: contentHash({ policies: policies.map(({ field, write }) => [field, write]) }).slice(0, 8),
  };
}

function choosePolicy({ field, write, conflict }: FieldRule, all: WriteRule, otherwise: WritePolicy): FieldPolicy {
  return {
    field,
    write: write ?? all.write ?? otherwise,
    conflict: conflict ?? all.conflict ?? defaultConflict,
  };
}
