import { existsSync } from 'node:fs';
import { formatCount } from '#pipelines/format-count.js';
import { type AccountFacts, AccountUnknown, type SuspectRow } from '#pipelines/import/account-unknown.js';
import { ListStaysEmpty } from '#pipelines/import/first-add.js';
import { displayKey } from '#pipelines/import/keys.js';
import { MatchFieldNotListed } from '#pipelines/import/match.js';
import { describeCalls, TooManyDetails } from '#pipelines/import/stamps.js';
import type { MatchRule } from '#pipelines/mapping/mapping.js';
import { quoteArgument } from '#src/app/quote-argument.js';
import { createListNotWhole } from '#src/app/refresh-mirror.js';
import { GuardError, UsageError } from '#src/errors.js';

/** What a refusal names in the commands that go on from it. */
export interface RefusalContext {
  /** The input as the user named it. */
  readonly file: string;
  /** The mapping file as the user named it. */
  readonly mapping: string;
  /** The fields to match by that the mapping has already. */
  readonly match: MatchRule;
  /** The result file of an earlier import, if there may be one. */
  readonly results: string | undefined;
  readonly ratePerSecond: number;
}

/** Explains an error of the pipelines, with what to do. */
export function explainImportError(error: unknown, context: RefusalContext): unknown {
  if (error instanceof AccountUnknown) return new AccountUnknownError(error.facts, context);
  if (error instanceof TooManyDetails) return createStampsUnknown(error, context);
  if (error instanceof ListStaysEmpty) return createStaysEmpty(error);
  return error instanceof MatchFieldNotListed ? createMatchNotListed(error) : error;
}

/**
 * The state folder does not know the account, and many rows seem to be there already. Nothing was sent.
 */
/** An earlier run of the same file was interrupted. */
export class UnfinishedRunError extends GuardError {
  constructor(
    /** Its name. */
    readonly run: string,
    why: string,
  ) {
    super(`Run ${run} of this file is not finished: ${why}`, {
      code: 'UNFINISHED_RUN',
      nextStep: `To continue it: mypos-customers resume ${run}. (--force starts over from the beginning; customers without a key may then be added twice.)`,
    });
  }
}

export class AccountUnknownError extends GuardError {
  /** What was found. */
  readonly facts: AccountFacts;
  readonly #context: RefusalContext;

  constructor(facts: AccountFacts, context: RefusalContext, importCommand?: string | null) {
    super(describeFacts(facts, context), {
      code: 'ACCOUNT_UNKNOWN',
      nextStep: listWays(facts, context, importCommand).join('\n'),
    });
    this.facts = facts;
    this.#context = context;
  }

  /** The same, naming the command line that was refused. */
  forCommand(importCommand: string): AccountUnknownError {
    return new AccountUnknownError(this.facts, this.#context, importCommand);
  }

  /** The same for a file that was dropped in a folder, where nobody is to say that all is new. */
  forDroppedFile(file: string): AccountUnknownError {
    return new AccountUnknownError(this.facts, { ...this.#context, file, results: undefined }, null);
  }
}

function describeFacts(facts: AccountFacts, { file }: RefusalContext) {
  const { rowsToAdd, suspects, examples } = facts;
  return [
    `${suspects} of the ${formatCount(rowsToAdd, 'row')} of ${file} that would be added seem to be in the account already. ${describeStrangers(facts)}, so importing now could create them a second time. Nothing was sent.`,
    ...examples.map(describeExample),
  ].join('\n');
}

function describeStrangers({ strangers, knownOtherwise, known }: AccountFacts): string {
  const customers = formatCount(strangers, 'customer');
  if (knownOtherwise > 0)
    return `It has ${customers} for which this state folder has no key of this file (${knownOtherwise} of them it knows otherwise: from rows without a key, by their customerCode, or by a key of another source)`;
  const knows = known === 0 ? 'none of them' : `only ${formatCount(known, 'other')}`;
  return `It has ${customers} that this state folder does not know (it knows ${knows})`;
}

function describeExample({ row, key, candidates: [first] }: SuspectRow): string {
  const who = key === undefined ? `row ${row}` : `row ${row} (key ${displayKey(key)})`;
  return `  ${who}: ${first?.customerCode} has the ${first?.evidence.join(', ')}`;
}

/** What to do, the safest first. Each command can be typed as it stands. */
function listWays(
  { match: proposed, stamp }: AccountFacts,
  { file, mapping, match: present, results }: RefusalContext,
  importCommand: string | null = `mypos-customers import ${quoteArgument(file)}`,
): readonly string[] {
  const named = mapping === defaultMapping ? '' : ` --mapping ${quoteArgument(mapping)}`;
  const ways: (readonly string[])[] = [];
  const match = proposed.filter((list) => !present.some((known) => isSameList(known, list)));
  if (match.length > 0)
    ways.push([
      `Let these rows find their customers by what both have in common. This adds "match": ${JSON.stringify(match.length === 1 ? match[0] : match)} to ${mapping}; then import again:`,
      `mypos-customers mapping match ${match.map((list) => list.join('+')).join(' ')}${named}`,
    ]);
  ways.push([
    'If another computer or state folder has imported these customers, bring its knowledge here. There: mypos-customers crosswalk export who-is-who.csv; here, with that file:',
    'mypos-customers crosswalk import who-is-who.csv',
  ]);
  if (stamp !== undefined)
    ways.push([`Read the keys from the field ${stamp} of the customers:`, `mypos-customers crosswalk rebuild${named}`]);
  else if (results !== undefined && existsSync(results))
    ways.push([
      'Read the keys from the result file of an earlier import:',
      `mypos-customers crosswalk rebuild ${quoteArgument(results)}${named}`,
    ]);
  if (importCommand === null) return [...writeWays(ways), 'Then drop the file into the folder again.'];
  ways.push([
    'Only if you have looked, and none of these rows is in the account: import them all as new customers:',
    `${importCommand} --all-new`,
  ]);
  return writeWays(ways);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((field) => b.includes(field));
}

function writeWays(ways: readonly (readonly string[])[]): readonly string[] {
  return ways.flatMap(([text = '', command = ''], at) => [`${at + 1}. ${text}`, `     ${command}`]);
}

const defaultMapping = 'mappings.json';

function createStampsUnknown({ calls, stamp }: TooManyDetails, { mapping, ratePerSecond }: RefusalContext): GuardError {
  const named = mapping === defaultMapping ? '' : ` --mapping ${quoteArgument(mapping)}`;
  return new GuardError(
    `Whether the rows to add are in the account already shows only in ${stamp}, and the list of customers does not include that field: ${calls} customers would have to be read one by one (${describeCalls(calls, ratePerSecond)}). Nothing was sent.`,
    {
      code: 'STAMPS_UNKNOWN',
      nextStep: `Read them once, at a time that suits you: mypos-customers crosswalk rebuild${named}`,
    },
  );
}

function createStaysEmpty({ customerCode }: ListStaysEmpty): Error {
  const who = customerCode === undefined ? 'The customer' : `The customer ${customerCode}`;
  return createListNotWhole(`${who} was added, but the list of customers stays empty.`);
}

function createMatchNotListed({ field }: MatchFieldNotListed): UsageError {
  return new UsageError(`The list of customers does not include ${field}, so customers cannot be matched by it.`, {
    code: 'MATCH_NOT_LISTED',
    nextStep: `Remove ${field} from "match" in the mapping. If it holds your own number, make it the "stamp" of a "key" and read the existing keys with: mypos-customers crosswalk rebuild`,
  });
}
