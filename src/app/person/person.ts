import { existsSync } from 'node:fs';
import { openTenantLedger, resolveTenant } from '#src/app/connect.js';
import type { Settings } from '#src/config/settings.js';
import { GuardError, UsageError } from '#src/errors.js';
import { type Ledger, listTenants, type Tenant } from '#src/ledger/open-ledger.js';
import type { Person } from '#src/ledger/person-data.js';
import { TextFinder } from '#src/ledger/person-texts.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { eraseStateFiles, fileHolds, findStateFiles, findTraces, type Holds, type StateFile } from './state-files.js';

/** What the ledger of one account holds of a person. */
export interface PersonInAccount extends Pick<Person, 'codes' | 'keys' | 'held' | 'runs'> {
  readonly account: Tenant;
}

/** A file outside of the state folder that this program has read or written. */
export interface PersonFile {
  readonly path: string;
  readonly holds: Exclude<Holds, 'no'>;
}

/** All that is held of one person on this machine, as far as this state folder knows. */
export interface PersonReport {
  readonly who: string;
  readonly accounts: readonly PersonInAccount[];
  /** Files of the state folder. */
  readonly stateFiles: readonly { readonly path: string; readonly holds: Exclude<Holds, 'no'> }[];
  /** Inputs, results, rejects, reviews, reports and exports; what is in them is for their owner to remove. */
  readonly files: readonly PersonFile[];
}

export interface PersonErased extends PersonReport {
  /** Files of the state folder in which something of the person is left. */
  readonly left: readonly string[];
  readonly barred: boolean;
}

interface Found {
  readonly ledger: Ledger;
  readonly tenant: Tenant;
  readonly person: Person;
}

/** Lists all that is held of a customer, by code, key or e-mail address. @throws UsageError when nothing is */
export function showPerson(settings: Settings, who: string): Promise<PersonReport> {
  return withPerson(settings, who, async (found) => {
    const stateFiles = await findStateFiles(settings.stateDir.value, createFinder(found));
    const report = await describePerson(settings, who, found, stateFiles);
    auditPerson(found, 'shown');
    return report;
  });
}

/**
 * Removes all that is held of a customer from the state folder, but code, id and key. Files elsewhere are listed.
 *
 * @param options - `bar`: leave her out when a file brings her again; `confirm`: shown before anything is removed
 * @returns the report alone when it was not confirmed
 * @throws UsageError when nothing is held, GuardError when an unfinished run needs it, BusyError
 */
export function erasePerson(
  settings: Settings,
  who: string,
  options: { readonly bar?: boolean; readonly confirm: (report: PersonReport) => Promise<boolean> },
): Promise<PersonReport | PersonErased> {
  const stateFolder = settings.stateDir.value;
  return withPerson(settings, who, async (found, ledgers) => {
    const finder = createFinder(found);
    const stateFiles = await findStateFiles(stateFolder, finder);
    refuseDoubts(found);
    refuseNeededFiles(ledgers, stateFiles);
    const report = await describePerson(settings, who, found, stateFiles);
    if (!(await options.confirm(report))) return report;
    const locks = found.map(({ ledger }) => ledger.lock('person erase'));
    try {
      const barred = options.bar === true;
      for (const { ledger, person } of found) {
        if (barred) ledger.people.bar(person);
        ledger.people.erase(person);
      }
      eraseStateFiles(stateFiles, [...new Set(found.flatMap(({ person }) => person.texts))]);
      auditPerson(found, 'erased');
      const left = findTraces(stateFolder, finder);
      return { ...report, left, barred };
    } finally {
      for (const lock of locks) lock.release();
    }
  });
}

/** Finds somebody in all ledgers of the state folder: by the same words, and by the e-mail addresses that these lead to. */
async function withPerson<T>(
  settings: Settings,
  who: string,
  work: (found: readonly Found[], ledgers: readonly Ledger[]) => Promise<T>,
): Promise<T> {
  const own = resolveTenant(settings);
  const isOwn = (tenant: Tenant) => tenant.baseUrl === own.baseUrl && tenant.login === own.login;
  const tenants = listTenants(settings.stateDir.value).map(({ tenant }) => tenant);
  const ledgers = tenants.map((tenant) => ({ tenant, ledger: openTenantLedger(settings, tenant) }));
  try {
    const first = ledgers.flatMap(({ tenant, ledger }) => {
      // A code means somebody else in another account.
      const person = isOwn(tenant) || who.includes('@') ? ledger.people.find(who) : undefined;
      return person === undefined ? [] : [{ tenant, ledger, person }];
    });
    const addresses = first.flatMap(({ person }) => person.texts.filter((text) => text.includes('@')));
    const others = ledgers.flatMap(({ tenant, ledger }) => {
      if (first.some((found) => found.ledger === ledger)) return [];
      for (const address of addresses) {
        const person = ledger.people.find(address);
        if (person !== undefined) return [{ tenant, ledger, person }];
      }
      return [];
    });
    const found = [...first, ...others];
    if (found.length > 0)
      return await work(
        found,
        ledgers.map(({ ledger }) => ledger),
      );
    throw new UsageError(`Nothing is held of "${who}".`, {
      code: 'PERSON_UNKNOWN',
      nextStep: 'Give the code, the key or the e-mail address as the account or the file has it.',
    });
  } finally {
    for (const { ledger } of ledgers) ledger.close();
  }
}

function createFinder(found: readonly Found[]): TextFinder {
  return new TextFinder(found.flatMap(({ person }) => person.texts));
}

async function describePerson(
  { stateDir }: Settings,
  who: string,
  found: readonly Found[],
  stateFiles: readonly StateFile[],
): Promise<PersonReport> {
  const finder = createFinder(found);
  const paths = new Set(found.flatMap(({ ledger }) => listKnownFiles(ledger)));
  const files: PersonFile[] = [];
  for (const path of paths) {
    if (path.startsWith(stateDir.value) || !existsSync(path)) continue;
    const holds = await fileHolds(path, finder);
    if (holds !== 'no') files.push({ path, holds });
  }
  return {
    who,
    accounts: found.map(({ tenant, person: { codes, keys, held, runs } }) => ({
      account: tenant,
      codes,
      keys,
      held,
      runs,
    })),
    stateFiles: stateFiles.flatMap(({ path, holds }) => (holds === 'no' ? [] : [{ path, holds }])),
    files,
  };
}

/** Files that runs have read and written. */
function listKnownFiles(ledger: Ledger): readonly string[] {
  const ofRuns = [...ledger.runs.all()].flatMap(({ input, files }) => [
    ...(input === undefined ? [] : [input.path]),
    ...Object.values(files),
  ]);
  return [...ofRuns, ...ledger.writtenFiles.paths()].filter((path) => path !== '');
}

function refuseDoubts(found: readonly Found[]): void {
  const [run] = found.flatMap(({ person }) => person.doubts);
  if (run === undefined) return;
  throw new GuardError(`Run ${run} does not know yet whether its request about this customer arrived.`, {
    code: 'ROWS_IN_DOUBT',
    nextStep: `Settle it first: mypos-customers reconcile ${run}`,
  });
}

/** A run could not be finished without its input, and an input cannot be changed behind its back. */
function refuseNeededFiles(ledgers: readonly Ledger[], files: readonly StateFile[]): void {
  const inputs = new Set(files.filter(({ kind }) => kind === 'input').map(({ path }) => path));
  const isNeeded = ({ input }: RunRecord) => input !== undefined && inputs.has(input.path);
  const run = ledgers.flatMap(({ runs }) => runs.findUnfinished()).find(isNeeded);
  if (run === undefined) return;
  throw new GuardError(`Run ${run.name} is not finished, and its copy of the input holds this customer.`, {
    code: 'PERSON_IN_USE',
    nextStep: `Finish it first: mypos-customers resume ${run.name}`,
  });
}

function auditPerson(found: readonly Found[], what: 'shown' | 'erased'): void {
  for (const { ledger, person } of found)
    ledger.audit.add({ command: 'person', what, counts: { customers: person.codes.length, keys: person.keys.length } });
}
