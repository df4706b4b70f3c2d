import type { Issue } from '#pipelines/issue.js';
import { cellToText, type Row } from '#pipelines/model.js';
import type { BlankTokens } from './blank-tokens.js';
import type { RowTarget } from './map-row.js';
import { trimText } from './normalise-name.js';

/** Words for a sum, in the languages of the customers' spreadsheets. */
const totalWords = [
  '(?:(?:grand|sub|net|overall|report|running|final|page|sheet)[ -]?)?totals?',
  ...['total g[ée]n[ée]ral', 'sous[ -]totaux', 'sous[ -]total', 'totaux', 'totale (?:generale|complessivo)'],
  ...['subtotale', 'totale', 'totali', 'subtotaal', 'eindtotaal', 'totaal', 'suma', 'summa', 'summen?', 'sum'],
  ...['zwischensumme', 'gesamtsumme', 'endsumme', 'gesamtergebnis', 'teilergebnis', 'gesamt', 'insgesamt'],
  ...['ukupno', 'общо', 'всего', 'итого', 'σύνολο', '合計', '総計', '小計'],
].join('|');
const things = [
  ...['customers?', 'records?', 'rows?', 'clients?', 'accounts?', 'contacts?', 'entries', 'items?', 'debtors?'],
  ...['kunden', 'datens[äa]tze', 'zeilen', 'eintr[äa]ge', 'lignes?', 'clientes?', 'clienti', 'klanten', 'regels'],
].join('|');

/** Nothing but the word, perhaps with a number: `Total`, `Total: 2 customers`. */
const plainTotal = new RegExp(`^[*\\s]*(?:${totalWords})[\\s:=.,#*()]*$`, 'iu');
const countedTotal = new RegExp(
  `^[*\\s]*(?:${totalWords})[\\s:=.#*(]*\\d[\\d.,]*[\\s)]*(?:${things})?[\\s).*]*$`,
  'iu',
);
/** The sum of a group: `Subtotal NT`, `Total for NSW`. */
const groupTotal =
  /^[*\s]*(?:sub[ -]?totals?|grand[ -]totals?|totals? (?:for|of|by|per)|zwischensumme|gesamtsumme|summe (?:für|von|aus|der|des)|sous[ -]total|totaux|total (?:de|du|des|pour|par)|subtotale?|subtotaal|totale (?:di|per)|totaal (?:van|voor))[\s:.-].{1,60}$/iu;
/** What a firm may be called as well: `NSW Total`, `Total Tools`. */
const perhapsTotal = new RegExp(`^(?:${totalWords})\\s.{1,60}$|^.{1,60}\\s(?:${totalWords}|ergebnis)$`, 'iu');
const legalForm =
  /\b(?:pty|ltd|limited|gmbh|mbh|ag|kg|ug|ohg|inc|llc|llp|corp|co|company|plc|bv|nv|sa|sas|sarl|srl|spa|oy|ab)\b/iu;

/** What reports write below the rows, without or with a number of them. */
const footers = [
  new RegExp(
    `^[([]?\\s*\\d[\\d.,]*\\s+(?:${things}|record\\(s\\)|row\\(s\\))(?:\\s+(?:affected|selected|returned|fetched|found|exported|listed|in (?:set|total)).*)?[)\\].]*$`,
    'iu',
  ),
  new RegExp(
    `^(?:(?:number|no\\.?|count) of )?(?:${things}|record count|row count|count|anzahl)\\s*[:=]\\s*\\d[\\d.,]*$`,
    'iu',
  ),
  /^query ok\b.*$/iu,
  /^[-*=\s<]*(?:end of (?:the )?(?:report|list|file|data|records|export|table)|ende (?:der|des) (?:liste|berichts?|datei)|fin (?:du|de la) (?:rapport|liste|fichier)|eof)[-*=\s.>]*$/iu,
  /^(?:page|seite|pagina|página|strana)\s+\d+(?:\s*(?:of|von|de|di|van|\/)\s*\d+)?$/iu,
];
const hasDate = /\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d\b|\b(?:19|20)\d\d\b/;
/** When a report was made. */
const madeOn =
  /^(?:(?:printed|generated|exported|created|produced|run|report(?: date| generated)?|as (?:at|of)|accrual basis|cash basis|date|time|gedruckt|erstellt|stand|imprimé|édité|stampato|afgedrukt)\b|©|\(c\))/iu;
const weekdayAndDate = /^(?:mon|tues?|wednes|thurs?|fri|satur|sun)day,?\s.*\b(?:19|20)\d\d\b/iu;
const dateAlone = /^(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})(?:[T ,].*)?$/;

const ruler = /^[-=_~*.+|#─━═—–\s]+$/u;
const minRulerLength = 3;

const currency = '[€$£¥]|AUD|NZD|USD|EUR|GBP|CHF|CAD|SGD|HKD|JPY|CNY|INR|ZAR|SEK|NOK|DKK|PLN|CZK|A\\$|US\\$|NZ\\$';
/** A number, perhaps of money. Telephone numbers and long numbers of customers are none. */
const amount = new RegExp(
  `^[-+(]{0,2}\\s?(?:${currency})?\\s?-?(?!0\\d)\\d[\\d.,'’\\s]*(?:%|${currency}|DR|CR)?\\)?$`,
  'u',
);
const longNumber = /^\+?\d{9,}$/;
/** What a formula over blank cells gives. */
const nothing = /^(?:-?0(?:[.,]0+)?%?|false|falsch|faux|falso|onwaar)$/iu;

type CellKind = 'nothing' | 'ruler' | 'amount' | 'total' | 'group-total' | 'perhaps-total' | 'text';

function findKind(text: string): CellKind {
  if (nothing.test(text)) return 'nothing';
  if (ruler.test(text)) return 'ruler';
  if (amount.test(text) && !longNumber.test(text)) return 'amount';
  if (plainTotal.test(text) || countedTotal.test(text)) return 'total';
  if (groupTotal.test(text) && !legalForm.test(text)) return 'group-total';
  return perhapsTotal.test(text) ? 'perhaps-total' : 'text';
}

/** What a column says of a customer. */
type Role = 'key' | 'name' | 'email' | 'phone' | 'address' | 'postcode' | 'match';

const rolesByField: Readonly<Record<string, Role>> = {
  customerCode: 'key',
  customerId: 'key',
  customerName: 'name',
  firstName: 'name',
  lastName: 'name',
  emailAddress: 'email',
  phoneNumber: 'phone',
  faxNumber: 'phone',
  address: 'address',
  city: 'address',
  postalCode: 'postcode',
};

/** With fewer digits, a number in a column of telephone numbers or post codes is a count of them. */
const minDigits = { phone: 6, postcode: 3 } as const;

/** Whether a cell says something about a customer in the way its column does. */
function isSaid(role: Role, kind: CellKind, text: string): boolean {
  if (kind === 'nothing' || kind === 'ruler' || kind === 'total' || kind === 'group-total') return false;
  if (role === 'phone' || role === 'postcode') {
    const digits = text.replaceAll(/\D/g, '').length;
    return kind === 'amount' ? digits >= minDigits[role] : kind === 'text';
  }
  return role === 'address' ? kind === 'text' || kind === 'perhaps-total' : true;
}

/** What the cells of a row are, taken together. */
interface RowFacts {
  readonly filled: number;
  /** Cells that hold what their heading says. */
  readonly headings: number;
  readonly kinds: Readonly<Record<CellKind, number>>;
  readonly said: ReadonlySet<Role>;
  /** Whether a column of names holds more than a number. */
  readonly hasNameText: boolean;
  /** The first of the words for a sum. */
  readonly label: { readonly text: string; readonly kind: CellKind; readonly isName: boolean } | undefined;
  readonly first: { readonly text: string; readonly roles: readonly Role[] };
  readonly rulerLength: number;
}

/** A row that is no customer. */
export interface NonCustomer {
  readonly reason: Issue;
  /** Whether its cells hold nothing, as those of a formula that was copied down further than the rows go. */
  readonly isEmpty: boolean;
}

/** Says why a row is no customer; `undefined` when it is one, or may be. */
export type RecogniseRow = (row: Row) => NonCustomer | undefined;

export interface RecogniserOptions {
  readonly columns: readonly string[];
  readonly targets: readonly RowTarget[];
  /** Fields by which customers are found. */
  readonly match: readonly string[];
  readonly blankTokens: BlankTokens;
}

/**
 * Makes the test for rows of a file that are no customers: a header again, the line below it, sums, notes, and rows whose
 * formulas give nothing. A row with a key, an e-mail address, a telephone number or an address is always a customer, and
 * one with a name is unless the file itself says that it is a sum: a firm may be called "Total Tools".
 */
export function createRecogniser({ columns, targets, match, blankTokens }: RecogniserOptions): RecogniseRow {
  const headings = columns.map((name) => toOneLine(name.replace(/ \(\d+\)$/, '')));
  const roles = columns.map((): Role[] => []);
  for (const { kind, field, positions } of targets) {
    const role = kind === 'key' ? 'key' : kind === 'field' && field !== undefined ? findRole(field) : undefined;
    if (role !== undefined) for (const position of positions) roles[position]?.push(role);
  }
  const placesOf = (wanted: Role) => roles.flatMap((own, place) => (own.includes(wanted) ? [place] : []));
  const [keys, names, emails] = [placesOf('key'), placesOf('name'), placesOf('email')];

  function findRole(field: string): Role | undefined {
    return rolesByField[field] ?? (match.includes(field) ? 'match' : undefined);
  }

  /** Nearly every row: looking no further costs next to nothing. */
  function isSurelyCustomer({ cells, signs }: Row): boolean {
    if (signs?.isTotals === true || signs?.sums !== undefined) return false;
    for (const place of emails) if (cellToText(cells[place]).includes('@')) return true;
    const firstOfKey = cellToText(cells[keys[0] ?? -1]).charCodeAt(0);
    return firstOfKey >= 0x31 && firstOfKey <= 0x39 && names.some((place) => (cells[place] ?? '') !== '');
  }

  function collectFacts({ cells, signs }: Row): RowFacts {
    const kinds = { nothing: 0, ruler: 0, amount: 0, total: 0, 'group-total': 0, 'perhaps-total': 0, text: 0 };
    const said = new Set<Role>();
    const facts = { filled: 0, headings: 0, rulerLength: 0, tokens: 0 };
    let first: RowFacts['first'] | undefined;
    let label: RowFacts['label'];
    let hasNameText = false;
    for (const [place, cell] of cells.entries()) {
      const text = trimText(cellToText(cell));
      if (text === '') continue;
      const own = roles[place] ?? [];
      first ??= { text, roles: own };
      facts.filled += 1;
      if (toOneLine(text) === headings[place]) facts.headings += 1;
      const isSum = signs?.sums?.includes(place) === true;
      const kind = isSum ? 'amount' : blankTokens.has(text) && !ruler.test(text) ? 'nothing' : findKind(text);
      kinds[kind] += 1;
      if (kind === 'ruler') facts.rulerLength += text.length;
      if (kind === 'total' || kind === 'group-total' || kind === 'perhaps-total')
        label ??= { text, kind, isName: own.includes('name') };
      if (isSum) continue;
      if (text.includes('@')) said.add('email');
      for (const role of own) if (isSaid(role, kind, text)) said.add(role);
      if (own.includes('name') && (kind === 'text' || kind === 'perhaps-total')) hasNameText = true;
    }
    return { ...facts, kinds, said, hasNameText, label, first: first ?? { text: '', roles: [] } };
  }

  const table = { width: columns.length, hasKey: keys.length > 0, tellsWho: keys.length + names.length > 0 };
  return (row) => {
    if (row.issues === undefined && isSurelyCustomer(row)) return undefined;
    const facts = collectFacts(row);
    const why = facts.filled === 0 ? undefined : findReason(facts, row, table);
    return why === undefined
      ? undefined
      : { reason: buildIssue(why), isEmpty: why === emptyRow || why === emptyFormulas };
  };
}

const emptyRow = 'it holds nothing';
const emptyFormulas = 'its formulas give no name';

function toOneLine(text: string): string {
  return trimText(text.normalize('NFC')).replaceAll(/\s+/g, ' ');
}

function findReason(
  facts: RowFacts,
  { signs = {}, issues }: Row,
  { width, hasKey, tellsWho }: { readonly width: number; readonly hasKey: boolean; readonly tellsWho: boolean },
): string | undefined {
  const { filled, headings, kinds, said, label, first } = facts;
  if (headings === filled && (filled > 1 || width === 1)) return 'it repeats the header';
  if (kinds.ruler === filled && facts.rulerLength >= minRulerLength) return 'it is a line between other rows';
  if (filled === 1 && isFooter(first, signs.isAfterGap === true)) return `it is a note ("${shorten(first.text)}")`;
  // Without a name and a key among its columns, what is missing in a row says nothing; and a row that does not fit its
  // header may have its cells in the wrong columns.
  if (issues !== undefined || !tellsWho) return undefined;
  const isLabelInKey = label?.kind === 'perhaps-total' && !label.isName && !said.has('name') && kinds.amount > 0;
  const isKnown = [...said].some((role) => role !== 'name' && !(role === 'key' && isLabelInKey && kinds.text === 0));
  if (signs.isTotals === true && !['email', 'phone', 'address', 'postcode'].some((role) => said.has(role as Role)))
    return 'it is the totals row of a table';
  if (isKnown) return undefined;
  if (signs.sums !== undefined && kinds.text <= (said.has('name') ? 1 : 0)) return 'it has sums of the rows above';
  const amounts = kinds.amount + kinds.nothing + kinds.ruler;
  if (label !== undefined && !facts.hasNameText && kinds.text === 0 && isTotal(label, kinds.amount > 0, hasKey, signs))
    return `it is a total ("${shorten(label.text)}")`;
  if (said.has('name')) return undefined;
  if (amounts === filled) return kinds.amount > 0 ? 'it has only amounts' : emptyRow;
  return signs.hasOnlyFormulas === true ? emptyFormulas : undefined;
}

/** A name alone never suffices: where there is no key, something else must show that the row is a sum. */
function isTotal(
  { text, kind, isName }: NonNullable<RowFacts['label']>,
  hasAmounts: boolean,
  hasKey: boolean,
  signs: NonNullable<Row['signs']>,
): boolean {
  if (kind === 'perhaps-total') return !isName && hasAmounts;
  if (kind === 'group-total' || !isName || hasKey || hasAmounts || signs.isAfterGap === true) return true;
  return countedTotal.test(text);
}

/** Fewer words may be a key or a name. */
const minWordsOfNote = 3;

function isFooter({ text, roles }: RowFacts['first'], isAfterGap: boolean): boolean {
  if (text.includes('@')) return false;
  if (footers.some((pattern) => pattern.test(text)) || countedTotal.test(text)) return true;
  if (roles.includes('name')) return weekdayAndDate.test(text) && isAfterGap;
  if ((madeOn.test(text) && hasDate.test(text)) || weekdayAndDate.test(text)) return true;
  if (!isAfterGap || roles.includes('phone')) return false;
  return dateAlone.test(text) || text.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length >= minWordsOfNote;
}

const maxShown = 40;

function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown - 1)}…` : text;
}

function buildIssue(why: string): Issue {
  return {
    severity: 'info',
    code: 'NOT_A_CUSTOMER',
    message: `The row is not a customer: ${why}. To import such rows all the same: --keep-all-rows`,
  };
}
