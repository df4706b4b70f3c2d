import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NotifyTarget } from '#src/config/notify-targets.js';
import { writeAtomically } from '#src/files/atomic-file.js';
import type { Alert } from './alert.js';
import { type AlertState, advanceAlertState, beginAlertState, type Outcome } from './alert-state.js';
import { sendAlert } from './send-alert.js';

/** What the file of a subject holds. */
interface Page {
  readonly subject: string;
  state: AlertState;
  /** Outcomes that no alert has considered yet, because the process that saw them has died. */
  noted: readonly Outcome[];
  /** Alerts with the targets that have not taken them. */
  unsent: readonly { readonly alert: Alert; readonly targets: readonly string[] }[];
}

/** A target that takes nothing must not fill the disk. */
const maxUnsent = 20;
const maxNoted = 200;

/** How the outcomes of one subject become alerts. */
export interface AlertSubject {
  /** Saves an outcome before what it is about is put away: after a crash the next {@link conclude} considers it. */
  note(outcome: Outcome, nowMs: number): Promise<void>;
  /**
   * Considers what was noted and the outcomes given, and sends what is to be sent, also what a target did not take before.
   *
   * @param isClear - whether nothing stands in the way now but what the outcomes say
   * @returns what went wrong, a sentence for each target
   */
  conclude(outcomes: readonly Outcome[], nowMs: number, isClear: boolean): Promise<readonly string[]>;
}

export interface SubjectOptions {
  /** What alerts call it: `job nightly`. */
  readonly subject: string;
  /** Tells apart what has the same name, such as the jobs of two configuration files. */
  readonly id: string;
  readonly stateFolder: string;
  readonly targets: readonly NotifyTarget[];
  /** `Infinity` for never. */
  readonly silenceMs: number;
  readonly context: Alert['context'];
}

/**
 * Opens what the state folder knows of a subject. Of two processes that work on the same one at a time, the last one's
 * knowledge stays; the locks of jobs, folders and accounts prevent that.
 */
export function openAlertSubject(options: SubjectOptions): AlertSubject {
  const { subject, id, stateFolder, targets, silenceMs, context } = options;
  const folder = join(stateFolder, 'alerts');
  const path = join(folder, `${createHash('sha256').update(id).digest('hex').slice(0, 16)}.json`);
  const save = async (page: Page) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await writeAtomically(path, JSON.stringify(page), { mode: 0o600 });
  };
  return {
    async note(outcome, nowMs) {
      const page = loadPage(path, subject, nowMs);
      await save({ ...page, noted: [...page.noted, outcome].slice(-maxNoted) });
    },
    async conclude(outcomes, nowMs, isClear) {
      const page = loadPage(path, subject, nowMs);
      const before = JSON.stringify(page);
      const { state, alert } = advanceAlertState(page.state, [...page.noted, ...outcomes], {
        nowMs,
        silenceMs,
        isClear,
      });
      page.state = state;
      page.noted = [];
      if (alert !== undefined) {
        const whole: Alert = { ...alert, subject, context, time: new Date(nowMs).toISOString() };
        page.unsent = [...page.unsent, { alert: whole, targets: targets.map(({ name }) => name) }].slice(-maxUnsent);
      }
      // Before anything is sent: after a crash, a second alert is better than none.
      if (JSON.stringify(page) !== before || (silenceMs < Number.POSITIVE_INFINITY && !existsSync(path)))
        await save(page);
      if (page.unsent.length === 0) return [];
      const failures = await sendUnsent(page, targets);
      await save(page);
      return failures;
    },
  };
}

/** Sends, in order, what each target has not taken yet; what is still not taken stays. */
async function sendUnsent(page: Page, targets: readonly NotifyTarget[]): Promise<readonly string[]> {
  const failed = new Map<string, string>();
  const unsent: Page['unsent'][number][] = [];
  for (const { alert, targets: names } of page.unsent) {
    // A target that is no longer in the configuration gets nothing more.
    const open = targets.filter(({ name }) => names.includes(name));
    const left = await Promise.all(
      open.map(async (target) => {
        if (failed.has(target.name)) return [target.name];
        const failure = await trySendAlert(target, alert);
        if (failure === undefined) return [];
        failed.set(target.name, failure);
        return [target.name];
      }),
    );
    if (left.flat().length > 0) unsent.push({ alert, targets: left.flat() });
  }
  page.unsent = unsent;
  return [...failed].map(([name, why]) => `No alert could be sent to ${name}: ${why}`);
}

/** @returns why the target did not take the alert; `undefined` when it did */
export async function trySendAlert(target: NotifyTarget, alert: Alert): Promise<string | undefined> {
  try {
    await sendAlert(target, alert);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A page that cannot be read counts as new: at worst an alert is sent once more. */
function loadPage(path: string, subject: string, nowMs: number): Page {
  const fresh: Page = { subject, state: beginAlertState(nowMs), noted: [], unsent: [] };
  try {
    const page = JSON.parse(readFileSync(path, 'utf8')) as Partial<Page>;
    return isWhole(page) ? { ...fresh, ...page, subject } : fresh;
  } catch {
    return fresh;
  }
}

function isWhole(page: Partial<Page>): boolean {
  return (
    Array.isArray(page.noted) &&
    Array.isArray(page.unsent) &&
    Array.isArray(page.state?.reasons) &&
    typeof page.state?.cameMs === 'number'
  );
}
