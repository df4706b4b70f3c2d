import { isDigitAt, leadingDigits } from '#pipelines/digits.js';
import { allUses, type CellRule, type ColumnUse, type RuleResult } from './damage-issue.js';

/** The characters that windows-1252 has in place of the controls 0x80 to 0x9f; a space where it has none. */
const upperControls = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

const bytesByCharacter = new Map<string, number>(
  [...upperControls].flatMap((character, place) => (character === ' ' ? [] : [[character, 0x80 + place] as const])),
);

/** Lead bytes of utf-8 as windows-1252 shows them, each before something that may follow it. */
const typicalMojibake =
  /Ã[\u0080-\u00aa\u00ac-\u00b6\u00b8-\u00ba\u00bc-\u00bf]|Â[\u0080-\u00a9\u00ac-\u00b6]|â€|ï»¿|ðŸ/;

/** A lead byte of utf-8 before something that may follow it; without one, there is nothing to try. */
const leadAndFollower = new RegExp(`[\\u00c2-\\u00f4][\\u0080-\\u00bf${upperControls.replaceAll(' ', '')}]`);

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether the text looks like utf-8 that was read as windows-1252. */
function isMojibake(text: string): boolean {
  return typicalMojibake.test(text) || repairMojibake(text) !== undefined;
}

/**
 * The text as it was before its utf-8 bytes were taken for windows-1252; `undefined` when it was not. Text that was
 * written so on purpose is never valid utf-8 by chance, save for a few letters in a row that no language has.
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

const textUses: ReadonlySet<ColumnUse> = new Set(['text', 'phone', 'postcode', 'code']);
const identifierUses: ReadonlySet<ColumnUse> = new Set(['phone', 'postcode', 'code']);

const exportAgain =
  'The digits are gone from this file. Export the column anew, formatted as text, or as XLSX instead of CSV.';

/** Excel writes a sign and two digits; `1E5` may well be somebody's product code. */
const scientific = /^[+-]?\d(?:[.,]\d+)?E[+-]\d{2,3}$/i;

function isScientific(text: string): boolean {
  return (isSignAt(text, text.length - 3) || isSignAt(text, text.length - 4)) && scientific.test(text);
}

function isSignAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x2b || code === 0x2d;
}

/** Excel keeps 15 digits of a number and puts zeros for the others. */
const maxDigitsKept = 15;
const digitsReplaced = /^[+-]?\d{15}0+$/;

/** What Excel and its kin show for a formula that failed, in English, German, Spanish, French and Russian. */
const errorValue =
  /^#(?:N\/A|N\/D|NV|REF!|VALUE!|DIV\/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BUSY!|BLOCKED!|CONNECT!|UNKNOWN!|GETTING_DATA|BEZUG!|WERT!|ZAHL!|¡REF!|¡VALOR!|¡DIV\/0!|¡NUM!|¿NOMBRE\?|VALEUR!|NOM\s?\?|NOMBRE!|Н\/Д|ССЫЛКА!|ЗНАЧ!|ДЕЛ\/0!|ИМЯ\?|ЧИСЛО!|ПУСТО!)$/i;
const tooNarrow = /^#{3,}$/;

const noBreakSpaces = /[\u00a0\u2007\u202f]/g;
/** Joiners between characters beyond ASCII are spelling: scripts need them, and emojis are made of them. */
const zeroWidth =
  /[\u00ad\u200b\u200e\u200f\u2060\ufeff]|(?:\u200c|\u200d)(?!\P{ASCII})|(?<!\P{ASCII})(?:\u200c|\u200d)/gu;

const month = '(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*';
const dateLike = new RegExp(
  `^(?:\\d{4}-\\d{2}-\\d{2}.*|\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4}|\\d{1,2}[- ]${month}(?:[- ]\\d{2,4})?|${month}[- ]\\d{2,4})$`,
  'i',
);

const [space, dash, dot, slash] = [0x20, 0x2d, 0x2e, 0x2f];

/** What follows its first digits rules most numbers out, phones and post codes above all. */
function mayBeDate(text: string): boolean {
  const digits = leadingDigits(text, 5);
  const behind = text.charCodeAt(digits);
  if (digits === 4) return behind === dash;
  if (digits > 2) return false;
  const isBeforeMonth = (behind === dash || behind === space) && !isDigitAt(text, digits + 1);
  return digits === 0 || behind === slash || behind === dot || isBeforeMonth;
}

const serialRange = { from: 20_000, to: 60_000 } as const;
const serialLike = /^\d{5}(?:\.\d+)?$/;

const failedFormula: RuleResult = {
  message: 'The cell shows the error of a formula, not a value.',
  suggestion: 'Mend the formula, or clear the cell.',
};

const becameDate: RuleResult = {
  message: 'A spreadsheet took the value for a date.',
  suggestion: 'Format the column as text, type the value anew, and export again.',
};

/** Every kind of damage that one cell shows by itself. */
export const cellRules: readonly CellRule[] = [
  {
    code: 'SCIENTIFIC_NUMBER',
    uses: textUses,
    trigger: 'number',
    check: (text) =>
      isScientific(text)
        ? { message: 'A spreadsheet turned a long number into scientific notation.', suggestion: exportAgain }
        : undefined,
  },
  {
    code: 'DIGITS_LOST',
    uses: textUses,
    trigger: 'number',
    check: (text) =>
      text.length > maxDigitsKept && digitsReplaced.test(text)
        ? {
            message: 'All digits of the number past the 15th are 0: a spreadsheet keeps no more than 15.',
            suggestion: exportAgain,
          }
        : undefined,
  },
  {
    code: 'ERROR_VALUE',
    uses: allUses,
    trigger: 'hash',
    check: (text) => {
      if (errorValue.test(text)) return failedFormula;
      return tooNarrow.test(text)
        ? { message: 'The column was too narrow to show the value.', suggestion: 'Widen it and export again.' }
        : undefined;
    },
  },
  {
    code: 'ERROR_VALUE',
    uses: allUses,
    trigger: 'typed',
    check: (_text, cell) => (typeof cell !== 'string' && cell.kind === 'error' ? failedFormula : undefined),
  },
  {
    code: 'MOJIBAKE',
    uses: allUses,
    trigger: 'odd',
    check: (text) => {
      if (!isMojibake(text)) return undefined;
      const repaired = repairMojibake(text);
      return {
        message: 'The text was once read in the wrong encoding.',
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
            message: 'A character was lost before this file was written, and a placeholder stands for it.',
            suggestion: 'Type the text anew, or export it again as UTF-8.',
          }
        : undefined,
  },
  { code: 'INVISIBLE_CHARACTER', uses: allUses, trigger: 'odd', isFixableByMapping: true, check: findInvisible },
  {
    code: 'VALUE_BECAME_DATE',
    uses: identifierUses,
    trigger: 'number',
    check: (text) => (mayBeDate(text) && dateLike.test(text) ? becameDate : undefined),
  },
  {
    code: 'VALUE_BECAME_DATE',
    uses: identifierUses,
    trigger: 'typed',
    check: (_text, cell) => (typeof cell !== 'string' && cell.kind === 'date' ? becameDate : undefined),
  },
  {
    code: 'DATE_SERIAL',
    uses: new Set(['date']),
    trigger: 'number',
    check: (text) => {
      if (leadingDigits(text, 5) < 5 || !serialLike.test(text)) return undefined;
      const serial = Number(text);
      if (serial < serialRange.from || serial > serialRange.to) return undefined;
      return {
        message: 'The number is how a spreadsheet stores a date.',
        suggestion: 'Format the column as a date (yyyy-mm-dd) and export again.',
        meant: convertSerialDate(serial),
      };
    },
  },
];

function findInvisible(text: string): RuleResult | undefined {
  const cleaned = text.replace(noBreakSpaces, ' ').replace(zeroWidth, '');
  if (cleaned === text) return undefined;
  return {
    message: 'The cell holds characters that cannot be seen (no-break or zero-width), which make equal texts differ.',
    suggestion: 'Take them out in the file, or by a transform of the mapping such as "trim" or "collapseSpaces".',
    meant: cleaned.trim(),
  };
}

/** Day 25569 of the spreadsheet calendar is 1 January 1970. */
function convertSerialDate(serial: number): string {
  const dayMs = 86_400_000;
  return new Date((Math.floor(serial) - 25_569) * dayMs).toISOString().slice(0, 10);
}
