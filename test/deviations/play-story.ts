import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importFile } from '#src/app/import/import-file.js';
import { reconcileRun, resumeRun } from '#src/app/resume/resume-run.js';
import type { RunSummary } from '#src/app/run-summary.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError } from '#src/errors.js';
import { type DeviantServer, type Deviation, documented, type Fields, type Reply } from './deviant-server.js';
import { type Act, compose, type Moment, type Step, type Story } from './draw-story.js';
import { customersBefore, lines, mappings, type Oracle, watchAccount } from './story-oracle.js';

/** What one story came to. */
export interface Told {
  /** A line for each step, to read when something went wrong. */
  readonly log: readonly string[];
  /** What must never happen, and did. */
  readonly violations: readonly string[];
  readonly lastExitCode: number;
}

const cut: Reply = { status: 0, body: '' };
const maxCallsPerAct = 1500;
/** In the hope that all is done by then; it need not be. */
const actsAtTheEnd: readonly Act[] = [{ kind: 'resume' }, { kind: 'import', force: false }, { kind: 'resume' }];

/** Tells a story to a server that nobody else uses. */
export async function playStory(
  story: Story,
  start: (initial: readonly Fields[]) => Promise<DeviantServer>,
): Promise<Told> {
  const server = await start(customersBefore);
  const oracle = watchAccount(server.account, story);
  const folder = mkdtempSync(join(tmpdir(), 'mypos-story-'));
  const work = join(folder, 'work');
  execFileSync('mkdir', [work]);
  writeFileSync(join(work, 'mappings.json'), JSON.stringify(mappings[story.identity]));
  writeFileSync(join(work, 'customers.csv'), `${lines(story.identity).join('\n')}\n`);
  const stage = new Stage(server, folder, story);
  const log: string[] = [];
  let lastExitCode = 0;
  try {
    for (const [at, step] of [...story.steps, ...actsAtTheEnd.map(toStep)].entries()) {
      if (at === story.healsBeforeStep) stage.heal();
      if (step.restores) log.push(stage.restore(story.log));
      if (step.staffEdits) oracle.letStaffEdit();
      const end = await stage.act(step, oracle);
      log.push(`${at} ${step.act.kind}${step.act.kind === 'import' && step.act.force ? ' --force' : ''}: ${end.text}`);
      if (end.exitCode !== undefined) lastExitCode = end.exitCode;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { log, violations: oracle.violations, lastExitCode };
}

const toStep = (act: Act): Step => ({ act, restores: false, staffEdits: true });

interface ActEnd {
  readonly text: string;
  readonly exitCode?: number;
}

/** The server and the folders of a story; what happens to them in the middle of an act. */
class Stage {
  readonly #server: DeviantServer;
  readonly #folder: string;
  readonly #story: Story;
  #deviation: Deviation;
  #calls = 0;
  #callsOfAct = 0;
  #milestones = 0;
  #step: Step | undefined;
  #isDead = false;
  #hasCopy = false;
  #die: () => void = () => undefined;

  constructor(server: DeviantServer, folder: string, story: Story) {
    this.#server = server;
    this.#folder = folder;
    this.#story = story;
    const [a, b] = story.deviations;
    this.#deviation = compose(a.make(), b.make());
    const verbs = ['list', 'detail', 'add', 'update'] as const;
    const current = () => (this.#deviates() ? this.#deviation.rules : {});
    server.deviate({
      ...Object.fromEntries(verbs.map((verb) => [verb, this.#handle(verb)])),
      rules: {
        select: (...asked) => ({ ...documented, ...current() }).select(...asked),
        order: (...asked) => ({ ...documented, ...current() }).order(...asked),
        cut: (...asked) => ({ ...documented, ...current() }).cut(...asked),
        count: (...asked) => ({ ...documented, ...current() }).count(...asked),
      },
    });
  }

  #deviates(): boolean {
    return this.#calls >= this.#story.deviatesFromCall;
  }

  heal(): void {
    this.#deviation = {};
  }

  #handle(verb: 'list' | 'detail' | 'add' | 'update'): NonNullable<Deviation['list']> {
    return (call, account, regular) => {
      this.#calls += 1;
      this.#callsOfAct += 1;
      this.#come('call', this.#callsOfAct);
      if (this.#isDead || this.#callsOfAct > maxCallsPerAct) return cut;
      const deviant = this.#deviates() ? this.#deviation[verb] : undefined;
      const answer = deviant === undefined ? regular() : deviant(call, account, regular);
      this.#come('answer', this.#callsOfAct);
      return this.#isDead ? cut : answer;
    };
  }

  #come(at: Moment['at'], nth: number): void {
    if (this.#isDead) return;
    const { kill, copy } = this.#step ?? {};
    if (copy?.at === at && copy.nth === nth) this.#copyState();
    // Some copies take the log later than the rest.
    if (copy?.at === at && copy.nth + 3 === nth && this.#story.log === 'later') this.#copyLog();
    if (kill?.at === at && kill.nth === nth) this.#kill();
  }

  #kill(): void {
    this.#isDead = true;
    execFileSync('cp', ['-a', this.#path('work'), this.#path('killed')]);
    this.#die();
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #copyState(): void {
    const state = this.#path('work/state');
    if (!existsSync(state)) return;
    execFileSync('cp', ['-a', state, this.#path('copy')]);
    this.#hasCopy = true;
  }

  #copyLog(): void {
    for (const ledger of this.#findLedgers('work/state')) {
      const target = ledger.replace(this.#path('work/state'), this.#path('copy'));
      if (existsSync(`${ledger}-wal`) && existsSync(target))
        execFileSync('cp', ['-a', `${ledger}-wal`, `${target}-wal`]);
    }
  }

  #findLedgers(folder: string): readonly string[] {
    const found = execFileSync('find', [this.#path(folder), '-name', 'ledger.db'], { encoding: 'utf8' });
    return found.split('\n').filter((line) => line !== '');
  }

  /** The copy takes the place of the state folder; without a copy, there is none any more. */
  restore(log: Story['log']): string {
    rmSync(this.#path('work/state'), { recursive: true, force: true });
    if (!this.#hasCopy) return 'the state folder is lost';
    this.#hasCopy = false;
    renameSync(this.#path('copy'), this.#path('work/state'));
    for (const ledger of this.#findLedgers('work/state')) {
      const file = `${ledger}-wal`;
      if (!existsSync(file)) continue;
      if (log === 'lost') rmSync(file);
      if (log === 'cut') truncateSync(file, Math.floor((statSync(file).size * (this.#story.seed % 97)) / 97));
    }
    return `a copy of the state folder is restored, its log ${log}`;
  }

  async act(step: Step, oracle: Oracle): Promise<ActEnd> {
    this.#step = step;
    this.#callsOfAct = 0;
    this.#milestones = 0;
    const control = new AbortController();
    this.#die = () => control.abort('SIGTERM');
    const meet = () => {
      this.#milestones += 1;
      this.#come('milestone', this.#milestones);
    };
    subscribe('mypos-customers:milestone', meet);
    oracle.beginAct();
    const results = this.#path('work/customers.results.csv');
    rmSync(results, { force: true });
    try {
      const end = await perform(step.act, this.#configure(), this.#path('work/customers.csv'), control.signal);
      if (this.#isDead) return { text: 'killed' };
      if (step.copy !== undefined && !this.#hasCopy) this.#copyState();
      if (this.#callsOfAct > maxCallsPerAct) oracle.note('it asks without end');
      if (end.summary !== undefined)
        oracle.checkEnd(end.exitCode, existsSync(results) ? readFileSync(results, 'utf8') : undefined, step.act.kind);
      else oracle.checkRefusal(end.exitCode);
      return { text: `exit ${end.exitCode} ${end.text} (${this.#callsOfAct} calls)`, exitCode: end.exitCode };
    } finally {
      unsubscribe('mypos-customers:milestone', meet);
      if (this.#isDead) {
        rmSync(this.#path('work'), { recursive: true, force: true });
        renameSync(this.#path('killed'), this.#path('work'));
        this.#isDead = false;
      }
    }
  }

  #configure(): Settings {
    const { concurrency } = this.#story;
    const stateDir = this.#path('work/state');
    const mapping = this.#path('work/mappings.json');
    return resolveSettings(
      { baseUrl: this.#server.baseUrl, stateDir, mapping, rate: 'unlimited', concurrency: String(concurrency) },
      { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
    );
  }
}

interface Performed {
  readonly exitCode: number;
  readonly text: string;
  /** Absent when nothing was begun. */
  readonly summary?: RunSummary;
}

async function perform(act: Act, settings: Settings, file: string, signal: AbortSignal): Promise<Performed> {
  try {
    const summary = await begin(act, settings, file, signal);
    if (summary === undefined) return { exitCode: 0, text: 'nothing to do' };
    const { exitCode, stopped, counts } = summary;
    const done = Object.entries(counts).filter(([, count]) => count > 0);
    return { exitCode, text: `${JSON.stringify(Object.fromEntries(done))} ${stopped?.code ?? ''}`, summary };
  } catch (error) {
    if (error instanceof CustomersError) return { exitCode: error.exitCode, text: `${error.code} ${error.message}` };
    return { exitCode: 1, text: error instanceof Error ? `${error.stack}` : String(error) };
  }
}

async function begin(act: Act, settings: Settings, file: string, signal: AbortSignal): Promise<RunSummary | undefined> {
  switch (act.kind) {
    case 'import':
      return importFile(settings, { file, signal, force: act.force });
    case 'resume':
      return resumeRun(settings, { signal });
    case 'reconcile':
      return reconcileRun(settings, { signal });
  }
}
