import { hostname } from 'node:os';
import { showLine, showLines } from '#pipelines/visible-text.js';
import { version } from '#src/version.js';

/** Why somebody is alerted. */
export type AlertKind = 'failure' | 'recovery' | 'silence' | 'test';

/** What a target is sent. It contains no secrets and no customers. */
export interface Alert {
  readonly kind: AlertKind;
  /** What it is about: `job nightly`, `import customers.csv`. */
  readonly subject: string;
  /** What happened and what to do, a paragraph each. */
  readonly paragraphs: readonly string[];
  /** Where and for whom, by label: the account, the configuration file, the folder. */
  readonly context: Readonly<Record<string, string>>;
  /** ISO time, UTC. */
  readonly time: string;
  /** What programs get besides. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const headings = {
  failure: 'Failed',
  recovery: 'Works again',
  silence: 'Nothing came',
  test: 'Test message',
} as const satisfies Readonly<Record<AlertKind, string>>;

/** The alert in one line, for subjects and headings. */
export function renderTitle({ kind, subject }: Alert): string {
  return showLine(`${headings[kind]}: ${subject} (${hostname()})`);
}

/** The alert for people, without its title. */
export function renderText(alert: Alert): string {
  const context = Object.entries(listContext(alert)).map(([label, value]) => `${label}: ${value}`);
  return showLines([...alert.paragraphs, context.join('\n')].join('\n\n'));
}

/** The alert for programs: the body of a generic webhook. */
export function renderDocument(alert: Alert): Readonly<Record<string, unknown>> {
  const { kind, subject, time, facts } = alert;
  return {
    ...facts,
    event: 'alert',
    alert: kind,
    subject,
    title: renderTitle(alert),
    text: renderText(alert),
    time,
    host: hostname(),
    version: version(),
  };
}

/** The context of an alert with what all of them say. */
export function listContext({ context, time }: Alert): Readonly<Record<string, string>> {
  return { ...context, Machine: hostname(), Time: time };
}
