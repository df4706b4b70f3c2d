import { dirname, resolve } from 'node:path';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import {
  choice,
  isObject,
  type JsonNode,
  list,
  nonEmptyText,
  type ObjectOf,
  object,
  optional,
  type Properties,
  required,
  type Shape,
  shape,
  wholeNumber,
} from '#pipelines/shape.js';
import { UsageError } from '#src/errors.js';
import { configError, expectObject, openConfig, readDamagedConfig, readShape } from './config-file.js';

/** Several addresses or a single one, which is read as a list. */
const receivers: Shape<readonly string[]> = shape(
  { anyOf: [nonEmptyText().schema, { type: 'array', items: nonEmptyText().schema, minItems: 1 }] },
  (node) =>
    Array.isArray(node.value)
      ? list(nonEmptyText(), { code: 'WRONG_KIND', message: 'The list is empty; fill it in' }).read(node)
      : readSingle(node),
);

function readSingle(node: JsonNode): readonly string[] | undefined {
  const text = nonEmptyText().read(node);
  return text === undefined ? undefined : [text];
}

/** How the connection to a mail server is protected. */
const securities = ['starttls', 'tls', 'none'] as const;

const smtpProperties = {
  kind: required(choice(['smtp']), 'E-mail, through a mail server'),
  host: required(nonEmptyText(), 'Name of the mail server'),
  port: optional(wholeNumber(1), 'Default: 587; 465 with "security": "tls"; 25 with "none"'),
  security: optional(
    choice(securities),
    'starttls (default), tls from the first byte, or none; with none there can be a login on this machine only',
  ),
  username: optional(nonEmptyText(), 'Login at the mail server; default: none'),
  passwordFile: optional(nonEmptyText(), 'File that contains the password of the mail server, relative to this file'),
  from: required(nonEmptyText(), 'Sender, e.g. "Imports <imports@example.com>"'),
  to: required(receivers, 'Receiver, or a list of them'),
};

function postProperties<const Kind extends string>(kind: Kind, what: string) {
  return {
    kind: required(choice([kind]), what),
    url: optional(nonEmptyText(), 'Address that gets the alert by POST; https, or http for this machine'),
    urlFile: optional(nonEmptyText(), 'File that contains the address, relative to this file: it is usually a secret'),
  };
}

const targetKinds = {
  smtp: smtpProperties,
  slack: postProperties('slack', 'A channel of Slack, by an incoming webhook'),
  teams: postProperties('teams', 'A channel of Microsoft Teams, by a workflow that posts to it'),
  webhook: postProperties('webhook', 'Any other program: the alert as a JSON document'),
} as const satisfies Readonly<Record<string, Properties>>;

/** Through which service an alert goes out. */
export type TargetKind = keyof typeof targetKinds;

const kindNames = Object.keys(targetKinds) as readonly TargetKind[];

type Named<Described extends Properties> = ObjectOf<Described> & { readonly name: string };

/** A mail server with those who get the mail; `passwordFile` is absolute. */
export type SmtpTarget = Named<typeof smtpProperties>;

/** An address that alerts are posted to; exactly one of `url` and `urlFile` is there. */
export type PostTarget = Named<ReturnType<typeof postProperties<Exclude<TargetKind, 'smtp'>>>>;

/** Who gets alerts, as the configuration file names them. */
export type NotifyTarget = SmtpTarget | PostTarget;

/** One target; which properties it can have depends on its kind. */
export const notifyTarget: Shape<ObjectOf<typeof smtpProperties> | Omit<PostTarget, 'name'>> = shape(
  { anyOf: kindNames.map((kind) => object(targetKinds[kind]).schema) },
  (node) => {
    if (!isObject(node.value)) return node.reportKind('an object in { }');
    const kind = choice(kindNames).read(node.at('kind'));
    if (kind === undefined)
      return node.has('kind')
        ? undefined
        : node.report('PROPERTY_MISSING', `"kind" is missing; add it: ${kindNames.join(', ')}`);
    if (kind === 'smtp') return checkMailLogin(node, object(smtpProperties).read(node));
    const target = object(targetKinds[kind]).read(node);
    if (target !== undefined && (target.url === undefined) === (target.urlFile === undefined))
      return node.report('PROPERTY_MISSING', 'Exactly one of "url" and "urlFile" is needed');
    return target;
  },
);

function checkMailLogin(node: JsonNode, target: ObjectOf<typeof smtpProperties> | undefined) {
  if (target === undefined) return undefined;
  if ((target.username === undefined) !== (target.passwordFile === undefined))
    return node.report('PROPERTY_MISSING', '"username" and "passwordFile" are needed both, or neither');
  if (target.security === 'none' && target.username !== undefined && !/^(?:localhost|::1|127\..*)$/.test(target.host))
    return node.report('PROPERTY_UNKNOWN', 'With "security": "none" the password would be sent unencrypted; remove it');
  return target;
}

/**
 * The targets that the configuration file names, in its order.
 *
 * @returns an empty list when there is no configuration file
 * @throws UsageError for anything wrong in one of them
 */
export function readNotifyTargets(file: string | undefined): readonly NotifyTarget[] {
  const found = openConfig(file);
  if (found === undefined) return [];
  const { path, config } = found;
  return Object.entries(expectObject(path, config.notify ?? {}, 'notify')).map(([name, value]) =>
    resolveTarget(path, name, readShape(path, notifyTarget, value, `notify.${name}`)),
  );
}

/**
 * The targets of a configuration file that has errors, as far as they can be read: somebody has to hear of the errors.
 *
 * @param names - only these, if any of them can be read. @default all
 */
export function salvageNotifyTargets(file: string | undefined, names?: readonly string[]): readonly NotifyTarget[] {
  const found = readDamagedConfig(file);
  const notify = isObject(found?.config) ? found.config.notify : undefined;
  if (found === undefined || !isObject(notify)) return [];
  const targets = Object.entries(notify).flatMap(([name, value]) => {
    try {
      return [resolveTarget(found.path, name, readShape(found.path, notifyTarget, value, name))];
    } catch {
      return [];
    }
  });
  const chosen = targets.filter(({ name }) => names?.includes(name) === true);
  return chosen.length > 0 ? chosen : targets;
}

function resolveTarget(
  path: string,
  name: string,
  target: ReturnType<typeof notifyTarget.read> & object,
): NotifyTarget {
  const beside = (file: string) => resolve(dirname(path), file);
  if (target.kind === 'smtp')
    return {
      ...target,
      name,
      ...(target.passwordFile === undefined ? {} : { passwordFile: beside(target.passwordFile) }),
    };
  return { ...target, name, ...(target.urlFile === undefined ? {} : { urlFile: beside(target.urlFile) }) };
}

/** Some of the targets, by name. @throws UsageError for a name that is none of theirs */
export function chooseNotifyTargets(
  targets: readonly NotifyTarget[],
  names: readonly string[],
  file: string | undefined,
): readonly NotifyTarget[] {
  return names.map((wanted) => {
    const found = targets.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    const path = openConfig(file)?.path;
    const known = targets.map(({ name }) => name);
    if (path === undefined)
      throw new UsageError(`There is no configuration file that says who "${wanted}" is.`, {
        code: 'CONFIG_FILE',
        nextStep: 'Name it with --config, and add the target there under "notify".',
      });
    throw configError(
      path,
      known.length === 0
        ? 'has no "notify"'
        : `has no target "${wanted}" under "notify": ${suggestNames(wanted, known)}`,
      'Correct the name, or add it under "notify"; docs/monitoring.md shows one.',
    );
  });
}
