import {
  isErrorValue,
  isRounded,
  isScientific,
  isSpreadsheetDate,
  isTooNarrow,
} from '#pipelines/mapping/spreadsheet-text.js';
import { countLeadingDigits } from '#pipelines/mapping/types/number.js';
import type { Cell } from '#pipelines/model.js';
import type { CellRule, ColumnCheck, ColumnUse, RuleResult } from './damage-issue.js';

/** The characters of windows-1252 in place of the control characters 0x80 to 0x9f; a space where it has none. */
const upperControls = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

const bytesByCharacter = new Map<string, number>(
  [...upperControls].flatMap((character, place) => (character === ' ' ? [] : [[character, 0x80 + place] as const])),
);

/** Lead bytes of UTF-8 as windows-1252 shows them, each before a possible continuation. */
const typicalMojibake =
  /Ã[\u0080-\u00aa\u00ac-\u00b6\u00b8-\u00ba\u00bc-\u00bf]|Â[\u0080-\u00a9\u00ac-\u00b6]|â€|ï»¿|ðŸ/;

/** A lead byte of UTF-8 before a possible continuation; without one, there is nothing to repair. */
const leadAndFollower = new RegExp(`[\\u00c2-\\u00f4][\\u0080-\\u00bf${upperControls.replaceAll(' ', '')}]`);

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether the text looks like UTF-8 that was read as windows-1252. */
function isMojibake(text: string): boolean {
  return typicalMojibake.test(text) || repairMojibake(text) !== undefined;
}

/**
 * The text before its UTF-8 bytes were read as windows-1252; `undefined` when they were not. Genuine text is never valid
 * UTF-8 by chance, except for a few letter sequences that no language has.
 */
function repairMojibake(text: string): string | undefined {
  if (!leadAndFollower.test(text)) return undefined;
  const bytes: number[] = [];
  for (const character of text) {
    const byte = bytesByCharacter.get(character) ?? character.codePointAt(0) ?? 0;
    if (byte > 0xff) return undefined;
    bytes.push(byte);
  }
  try {
    const repaired = strictUtf8.decode(Uint8Array.from(bytes));
    return repaired === text ? undefined : repaired;
  } catch {
    return undefined;
  }
}

const allUses: ReadonlySet<ColumnUse> = new Set(['text', 'email', 'phone', 'postcode', 'number', 'date', 'code']);
const textUses: ReadonlySet<ColumnUse> = new Set(['text', 'phone', 'postcode', 'code']);
const identifierUses: ReadonlySet<ColumnUse> = new Set(['phone', 'postcode', 'code']);

const exportAgain =
  'The digits are lost in this file. Export the column again, formatted as text, or as XLSX instead of CSV.';

const noBreakSpaces = /[\u00a0\u2007\u202f]/g;
/** Joiners between characters beyond ASCII are part of the spelling: some scripts and emojis need them. */
const zeroWidth =
  /[\u00ad\u200b\u200e\u200f\u2060\ufeff]|(?:\u200c|\u200d)(?!\P{ASCII})|(?<!\P{ASCII})(?:\u200c|\u200d)/gu;

const serialRange = { from: 20_000, to: 60_000 } as const;
const serialLike = /^\d{5}(?:\.\d+)?$/;

const failedFormula: RuleResult = {
  message: 'The cell contains a formula error, not a value.',
  suggestion: 'Fix the formula, or clear the cell.',
};

const unusableValue: RuleResult = {
  message: 'The cell contains no value that can be used: a date that does not exist, for example.',
  suggestion: 'Enter the value again, or clear the cell.',
};

const becameDate: RuleResult = {
  message: 'A spreadsheet program turned the value into a date.',
  suggestion: 'Format the column as text, enter the value again, and export again.',
};

/** Every kind of damage that a single cell shows. */
export const cellRules: readonly CellRule[] = [
  {
    code: 'SCIENTIFIC_NUMBER',
    uses: textUses,
    trigger: 'number',
    check: (text) =>
      isScientific(text)
        ? { message: 'A spreadsheet program turned a long number into scientific notation.', suggestion: exportAgain }
        : undefined,
  },
  {
    code: 'DIGITS_LOST',
    uses: textUses,
    trigger: 'number',
    check: (text) =>
      isRounded(text)
        ? {
            message: 'All digits of the number after the 15th are 0: spreadsheet programs keep only 15.',
            suggestion: exportAgain,
          }
        : undefined,
  },
  {
    code: 'ERROR_VALUE',
    uses: allUses,
    trigger: 'hash',
    check: (text) => {
      if (isErrorValue(text)) return failedFormula;
      return isTooNarrow(text)
        ? { message: 'The column was too narrow to show the value.', suggestion: 'Widen it and export again.' }
        : undefined;
    },
  },
  {
    code: 'ERROR_VALUE',
    uses: allUses,
    trigger: 'typed',
    check: (text, cell) => {
      if (typeof cell === 'string' || cell.kind !== 'error') return undefined;
      return text.startsWith('#') || text.startsWith('=') ? failedFormula : unusableValue;
    },
  },
  {
    code: 'MOJIBAKE',
    uses: allUses,
    trigger: 'odd',
    check: (text) => {
      if (!isMojibake(text)) return undefined;
      const repaired = repairMojibake(text);
      return {
        message: 'The text was read in the wrong encoding at some point.',
        suggestion: 'Export it again as UTF-8, or try another --encoding.',
        ...(repaired === undefined ? {} : { meant: repaired }),
      };
    },
  },
  {
    code: 'REPLACEMENT_CHARACTER',
    uses: allUses,
    trigger: 'odd',
    check: (text) =>
      text.includes('\ufffd')
        ? {
            message: 'A character was lost before this file was written, and replaced with a placeholder.',
            suggestion: 'Enter the text again, or export it again as UTF-8.',
          }
        : undefined,
  },
  { code: 'INVISIBLE_CHARACTER', uses: allUses, trigger: 'odd', isFixableByMapping: true, check: findInvisible },
  {
    code: 'VALUE_BECAME_DATE',
    uses: identifierUses,
    trigger: 'number',
    check: (text) => (isSpreadsheetDate(text) ? becameDate : undefined),
  },
  {
    code: 'VALUE_BECAME_DATE',
    uses: identifierUses,
    trigger: 'typed',
    check: (_text, cell) => (typeof cell !== 'string' && cell.kind === 'date' ? becameDate : undefined),
  },
  { code: 'TIME_LEFT_OUT', uses: allUses, trigger: 'typed', isNotice: true, check: findUnreadTime },
  { code: 'ADDRESS_BEHIND_TEXT', uses: new Set(['email']), trigger: 'typed', isNotice: true, check: findLinkedAddress },
  {
    code: 'DATE_SERIAL',
    uses: new Set(['date']),
    trigger: 'number',
    check: (text) => {
      if (countLeadingDigits(text, 5) < 5 || !serialLike.test(text)) return undefined;
      const serial = Number(text);
      if (serial < serialRange.from || serial > serialRange.to) return undefined;
      return {
        message: 'This is the number with which a spreadsheet program stores a date.',
        suggestion: 'Format the column as a date (yyyy-mm-dd) and export again.',
        meant: convertSerialDate(serial),
      };
    },
  },
];

function findUnreadTime(_text: string, cell: Cell, { hasNoTime }: ColumnCheck): RuleResult | undefined {
  if (typeof cell === 'string' || cell.kind !== 'date') return undefined;
  const time = /T(.*)$/.exec(cell.text)?.[1];
  const isDropped = hasNoTime === true && cell.format !== undefined && time !== undefined && time !== midnight;
  if (cell.hiddenTime === undefined && !isDropped) return undefined;
  return {
    message:
      'The date has a time of day that the format of the cell or of the mapping leaves out: only the date is read.',
    suggestion: 'If the time counts, show it in the workbook, and give the mapping a format with HH:mm.',
  };
}

const midnight = '00:00:00';

function findLinkedAddress(text: string, cell: Cell): RuleResult | undefined {
  if (typeof cell === 'string' || cell.kind !== 'text' || text.includes('@')) return undefined;
  return {
    message: 'The cell shows a text that is linked to an e-mail address: the address is read.',
    suggestion: `Nothing, if that is right: here it is ${cell.linkedAddress}.`,
  };
}

function findInvisible(text: string): RuleResult | undefined {
  const cleaned = text.replace(noBreakSpaces, ' ').replace(zeroWidth, '');
  if (cleaned === text) return undefined;
  return {
    message:
      'The cell contains invisible characters (no-break or zero-width), which make values that look the same differ.',
    suggestion: 'Remove them in the file, or with a transform of the mapping such as "trim" or "collapseSpaces".',
    meant: cleaned.trim(),
  };
}

/** Day 25569 of the spreadsheet calendar is 1 January 1970. */
function convertSerialDate(serial: number): string {
  const dayMs = 86_400_000;
  return new Date((Math.floor(serial) - 25_569) * dayMs).toISOString().slice(0, 10);
}
