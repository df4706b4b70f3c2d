import { isDecisionBasis } from '#pipelines/import/decisions.js';
import { splitKey, storeKey } from '#pipelines/import/keys.js';
import { decisionWords, type KeptDecision } from '#pipelines/ports.js';
import { InputError } from '#src/errors.js';

/** Columns of a crosswalk file, behind those of its entries, that only lines with a decision fill in. */
export const decisionColumns = ['decision', 'content', 'rowBasis', 'customerBasis', 'decidedAt'] as const;

/** A line of a crosswalk file: cells by column. */
type Line = Readonly<Partial<Record<string, string>>>;

const keyPrefix = 'key ';
const contentPrefix = 'content ';
/** Of two customers of the account; stands in the column for contents as it is. */
const customerPrefix = 'customer ';

/** The cells of a decision. What it is about is a key with its source, the hash of a content, or a customer. */
export function writeDecision(kept: KeptDecision): Line {
  const { subject, customerCode = '', decision, rowBasis, customerBasis = '', decidedAtMs } = kept;
  const about = subject.startsWith(keyPrefix)
    ? splitKey(subject.slice(keyPrefix.length))
    : { content: subject.startsWith(customerPrefix) ? subject : subject.slice(contentPrefix.length) };
  const decidedAt = new Date(decidedAtMs).toISOString();
  return { ...about, customerCode, decision, rowBasis, customerBasis, decidedAt };
}

function readSubject(content: string, readKey: () => string): string {
  if (content === '') return `${keyPrefix}${readKey()}`;
  return content.startsWith(customerPrefix) ? content : `${contentPrefix}${content}`;
}

/**
 * Reads the decision of a line.
 *
 * @param where - the line, for errors
 * @returns `undefined` for a line that is an entry of the crosswalk
 * @throws InputError `CROSSWALK_ROW`
 */
export function readDecision(line: Line, defaultSource: string | undefined, where: string): KeptDecision | undefined {
  const cell = (name: string) => line[name]?.trim() ?? '';
  const word = cell('decision');
  if (word === '') return undefined;
  const decision = decisionWords.find((known) => known === word);
  const decidedAtMs = Date.parse(cell('decidedAt'));
  const [content, key, customerCode] = [cell('content'), cell('key'), cell('customerCode')];
  const [rowBasis, customerBasis] = [cell('rowBasis'), cell('customerBasis')];
  const isWhole =
    (content === '') !== (key === '') &&
    isDecisionBasis(rowBasis) &&
    (customerBasis === '' || isDecisionBasis(customerBasis));
  if (decision === undefined || !isWhole || Number.isNaN(decidedAtMs))
    throw new InputError(`${where} has a decision that is not as \`crosswalk export\` writes it.`, {
      code: 'CROSSWALK_ROW',
      nextStep: 'Nothing was imported. Leave out the line to be asked again, or export the file again.',
    });
  const source = cell('source') === '' ? defaultSource : cell('source');
  return {
    subject: readSubject(content, () => storeKey(source, key)),
    ...{ decision, rowBasis, decidedAtMs },
    ...(customerCode === '' ? {} : { customerCode }),
    ...(customerBasis === '' ? {} : { customerBasis }),
  };
}
