import { foldWords } from '#pipelines/quality/normalise.js';

/** A street address, taken apart; what is not known is an empty text. */
export interface ParsedAddress {
  /** Without its number; kinds of street in their short form. */
  readonly street: string;
  readonly house: string;
  readonly unit: string;
}

const unitWords: ReadonlySet<string> = new Set(
  'unit u apt apartment flat suite ste shop level lvl floor villa room rm lot'.split(' '),
);

/** Kinds of street and other words that are written short as often as not. */
const shortForms: Readonly<Record<string, string>> = {
  ...{ street: 'st', str: 'st', strasse: 'st', road: 'rd', avenue: 'ave', av: 'ave', drive: 'dr', drv: 'dr' },
  ...{ court: 'ct', crt: 'ct', place: 'pl', crescent: 'cres', cr: 'cres', cct: 'cct', circuit: 'cct', lane: 'ln' },
  ...{ parade: 'pde', terrace: 'tce', ter: 'tce', highway: 'hwy', boulevard: 'blvd', bvd: 'blvd', close: 'cl' },
  ...{ square: 'sq', parkway: 'pkwy', pky: 'pkwy', circle: 'cir', esplanade: 'esp', grove: 'gr', gve: 'gr' },
  ...{ mount: 'mt', saint: 'st', north: 'n', south: 's', east: 'e', west: 'w', way: 'wy', track: 'trk', trail: 'trl' },
};

/** `Unit 2, 15 High Street`, `2/15 High St`, `15 High St #2`. */
export function parseAddress(text: string): ParsedAddress {
  if (text === '') return { street: '', house: '', unit: '' };
  let unit = '';
  const rest = text
    .replace(/#\s*(\w+)/, (_, found: string) => keepUnit(found))
    .replace(/(?<!\d)(\d+\w?)\s*\/\s*(\d+)/, (_, found: string, house: string) => `${keepUnit(found)}${house}`);
  const words = foldWords(rest).split(' ');
  const street: string[] = [];
  let house = '';
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    if (unitWords.has(word) && /\d/.test(next) && words.length > at + 2) {
      keepUnit(next);
      at += 1;
    } else if (/^\d/.test(word)) house ||= word;
    else if (word !== '') street.push(shortForms[word] ?? word);
  }
  return { street: street.join(' '), house, unit };

  function keepUnit(found: string): string {
    unit ||= found.toLowerCase();
    return '';
  }
}
