import type { AgreedPlan, PlannedWrite } from '#pipelines/import/decide.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isJsonObject, readStoredJson } from './damaged-ledger.js';
import { createTimedName } from './runs.js';

/** A plan, as an import of it needs to know it. */
export interface PlanRecord {
  readonly number: number;
  readonly name: string;
  readonly input: { readonly file: string; readonly path: string; readonly sha256: string };
  readonly mappingSha256: string;
  /** The options that the plan was made with. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The plans of one tenant, kept for thirty days. */
export interface Plans {
  start(plan: Omit<PlanRecord, 'number' | 'name'>): PlanRecord;
  add(number: number, writes: readonly (PlannedWrite & { readonly index: number })[]): void;
  /** Adds customers that are in no row and are to be made inactive. */
  addDeactivations(number: number, firstIndex: number, customerCodes: readonly string[]): void;
  /** Records the content of the file that the plan was written to, so that the plan is found by it. */
  saveOutputHash(number: number, sha256: string): void;
  /** Finds a plan by its name, or by the content of the file that it was written to. */
  find(nameOrSha256: string): PlanRecord | undefined;
  openAgreedPlan(plan: PlanRecord): AgreedPlan;
}

/** Plans are kept for 30 days. */
export const maxPlanAgeMs = 30 * 24 * 60 * 60_000;

export function openPlans(database: Database, now: () => number): Plans {
  const insert = database.prepare(`INSERT INTO plans
    (name, made_at, input_file, input_path, input_sha256, mapping_sha256, options) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const insertRow = database.prepare(`INSERT INTO plan_rows
    (plan, idx, action, customer_code, content_hash, edited, changes_hash) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const saveOutput = database.prepare('UPDATE plans SET output_sha256 = ? WHERE number = ?');
  const dropOld = database.prepare('DELETE FROM plans WHERE made_at < ?');
  const find = database.prepare(`SELECT number, name, input_file, input_path, input_sha256, mapping_sha256, options
    FROM plans WHERE name = ? OR output_sha256 = ? ORDER BY number DESC LIMIT 1`);
  const row = database.prepare(`SELECT action, customer_code, content_hash, edited, changes_hash
    FROM plan_rows WHERE plan = ? AND idx = ?`);
  const deactivation = database.prepare(
    "SELECT 1 AS found FROM plan_rows WHERE plan = ? AND action = 'deactivate' AND customer_code = ?",
  );
  const byName = (name: string) => {
    const found = find.get(name, name);
    return found === undefined ? undefined : toRecord(found);
  };
  return {
    start({ input, mappingSha256, options }) {
      dropOld.run(now() - maxPlanAgeMs);
      const name = createTimedName(now());
      insert.run(name, now(), input.file, input.path, input.sha256, mappingSha256, JSON.stringify(options));
      const plan = byName(name);
      if (plan === undefined) throw new Error('The plan that was just saved is not in the ledger.');
      return plan;
    },
    add: (number, writes) =>
      database.transaction(() => {
        for (const { index, action, customerCode, contentHash, edited, changesHash } of writes)
          insertRow.run(number, index, action, customerCode ?? null, contentHash, edited ?? null, changesHash);
      }),
    addDeactivations: (number, firstIndex, customerCodes) =>
      database.transaction(() => {
        for (const [position, code] of customerCodes.entries())
          insertRow.run(number, firstIndex + position, 'deactivate', code, '', null, '');
      }),
    saveOutputHash: (number, sha256) => {
      saveOutput.run(sha256, number);
    },
    find: byName,
    openAgreedPlan: ({ number, name }) => ({
      name,
      writeFor(index) {
        const found = row.get(number, index);
        return found === undefined ? undefined : toWrite(found);
      },
      plansDeactivation: (customerCode) => deactivation.get(number, customerCode) !== undefined,
    }),
  };
}

function toRecord(row: Record<string, SqlValue>): PlanRecord {
  return {
    number: Number(row.number),
    name: String(row.name),
    input: { file: String(row.input_file), path: String(row.input_path), sha256: String(row.input_sha256) },
    mappingSha256: String(row.mapping_sha256),
    options: readStoredJson(row.options, 'the options of a plan', isJsonObject),
  };
}

function toWrite(row: Record<string, SqlValue>): PlannedWrite {
  return {
    action: String(row.action) as PlannedWrite['action'],
    contentHash: String(row.content_hash),
    changesHash: String(row.changes_hash),
    ...(row.customer_code == null ? {} : { customerCode: String(row.customer_code) }),
    ...(row.edited == null ? {} : { edited: String(row.edited) }),
  };
}
