import { analyse } from 'chardet';
import iconv from 'iconv-lite';
import type { InputError } from '#src/errors.js';
import { createInputError } from '#src/files/input-file.js';
import { type Alphabet, type CodePage, codePages } from './alphabets.js';
import type { ByteSurvey, ForeignLine } from './survey-bytes.js';

/** What a text that is not UTF-8 is written in. */
export type DetectedEncoding =
  | { readonly kind: 'confident'; readonly name: string }
  /** The encodings that may be meant, the likeliest first; none when it fits no known one. */
  | { readonly kind: 'unclear'; readonly candidates: readonly string[] };

/**
 * Detects the encoding of a text that is not UTF-8. One-byte encodings are compared by the words that they make of the
 * bytes: a word counts when each of its letters belongs to one language, and stands where it can stand. For encodings
 * with two bytes a character, the detector of the package chardet decides, which knows how frequent each character is.
 */
export function detectEncoding(survey: ByteSurvey): DetectedEncoding {
  const pages = codePages.map((page) => rateCodePage(page, survey.words)).filter((page) => page !== undefined);
  const wide = rateWideEncodings(survey);
  const western = pages.find(({ name }) => name === codePages[0]?.name);
  const best = western === undefined ? findBest(pages) : chooseCodePage(western, pages);
  const [firstWide] = wide;
  // Two bytes that are one character elsewhere are seldom two letters that go together.
  if (
    firstWide !== undefined &&
    firstWide.share >= wideLimits.minShare &&
    (best?.page.share ?? 0) < wideLimits.maxOther
  )
    return { kind: 'confident', name: firstWide.name };
  const isRivalled = firstWide !== undefined && firstWide.share > (best?.page.share ?? 0);
  if (best?.isConfident === true && !isRivalled) return { kind: 'confident', name: best.page.name };
  return { kind: 'unclear', candidates: listCandidates(pages, wide) };
}

/** How well an encoding fits. */
interface Rating {
  readonly name: string;
  /** From 0 to 1: how much of the text makes sense in it. */
  readonly share: number;
}

/** A code page, and which words make sense in it. */
interface PageRating extends Rating {
  readonly words: readonly string[];
  /** For each word, how well it fits the language of most words, and any of the page's languages: 0 to 1. */
  readonly fits: readonly number[];
  /** The share of the words that are of any of its languages. */
  readonly anyShare: number;
}

/** `undefined` when a byte is no character in it. */
function rateCodePage({ name, alphabets }: CodePage, bytes: readonly string[]): PageRating | undefined {
  const decoded = bytes.map((word) => iconv.decode(Buffer.from(word, 'latin1'), name));
  if (bytes.length === 0 || decoded.some((word) => word.includes('\uFFFD'))) return undefined;
  // A blank of the code page parts words; the bytes alone do not show it.
  const parts = decoded.map((word) => word.split(/\u00a0/).filter((part) => beyondAscii.test(part)));
  const plausible = parts.map((words) => words.map((word) => (isPlausible(word) ? word : undefined)));
  const rated = alphabets.map((alphabet) => {
    const known = new Set(alphabet.letters);
    return plausible.map((words) => Math.min(1, ...words.map((word) => rateWord(word, known, alphabet))));
  });
  const main = rated.reduce((most, next) => (sum(next) > sum(most) ? next : most));
  const any = bytes.map((_, place) => Math.max(...rated.map((list) => list[place] ?? 0)));
  // Names of one file are mostly of one language, and a few of others that are written with the same code page.
  const fits = any.map((fit, place) => (fit + (main[place] ?? 0)) / 2);
  const anyShare = any.filter((fit) => fit > 0).length / bytes.length;
  return { name, words: decoded, fits, share: sum(fits) / bytes.length, anyShare };
}

/** How much a word says for a language, from 0 to 1. */
function rateWord(word: string | undefined, known: ReadonlySet<string>, { weight = 1, not }: Alphabet): number {
  if (word === undefined || not?.test(word) === true) return 0;
  const letters = word.replace(/[^\p{L}\p{M}]|[a-z]/giu, '');
  if (letters === '' || !/\p{L}.*\p{L}/u.test(word)) return weights.noWord;
  if (![...letters].every((letter) => known.has(letter) || known.has(letter.toLowerCase()))) return 0;
  return /^(?!\p{sc=Latin})\p{Ll}/u.test(word) ? weight * weights.smallInitial : weight;
}

/** Policy: how much words count that may be of many languages. */
const weights = {
  /** Single letters, and words with quotation marks or dashes beyond ASCII, but no letters. */
  noWord: 0.3,
  /** Names begin with a capital letter in scripts that have them; Hebrew looks like small Cyrillic letters. */
  smallInitial: 0.6,
} as const;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const beyondAscii = /[^\0-\x7f]/;

/** Signs that stand before, after or between letters in ordinary texts. */
const signs = {
  before: '¿¡„“”‘’«»€£$§',
  after: '“”‘’«»™®©ºª°…€´',
  between: '’‘´`·–-',
} as const;

const outerSigns = new RegExp(`^[${signs.before}]+|[${signs.after}–—]+$`, 'gu');
const innerSigns = new RegExp(`(?<=\\p{L})[${signs.between}](?=\\p{L})`, 'gu');

/** Whether a word can be one: letters of one script, a capital letter only at the start or throughout, no signs inside. */
function isPlausible(word: string): boolean {
  const bare = word.replace(outerSigns, '').replaceAll("'", '-').replace(innerSigns, '-');
  if (!beyondAscii.test(bare)) return true;
  return bare.split('-').every((part) => part === '' || isPlausiblePart(part));
}

function isPlausiblePart(part: string): boolean {
  if (!/^(?:\p{L}\p{M}*)+$/u.test(part)) return false;
  if (/\p{sc=Latin}/u.test(part) && /(?!\p{sc=Latin})\p{L}/u.test(part)) return false;
  // A name may go on with a capital letter, as in MacÉwan; one capital letter after another is a word in capitals.
  return /^(?:\p{Lu}?[^\p{Lu}]*|[^\p{Ll}]+|\p{Lu}[a-z]{1,2}\p{Lu}[^\p{Lu}]*)$/u.test(part);
}

/** Policy: when a text is not taken for windows-1252, which nearly all old files of Western programs are in. */
const limits = {
  /** Words that make sense in the chosen encoding. */
  minShare: 0.7,
  /** A Western text may have some words that no table knows. */
  minWesternShare: 0.6,
  /** How much more of the words another encoding must explain to be taken for it. */
  minLead: 0.3,
  /** From this lead on, windows-1252 is not certain any more. */
  doubtfulLead: 0.15,
  /** Different words, below which nothing but windows-1252 is certain. */
  minWords: 3,
  /** Words that the other encoding reads differently: one or two may be foreign names. */
  minDifferences: 3,
} as const;

interface Choice {
  readonly page: PageRating;
  readonly isConfident: boolean;
}

function chooseCodePage(western: PageRating, pages: readonly PageRating[]): Choice {
  const rivals = pages
    .map((page) => ({ page, lead: computeLead(page, western) }))
    .filter(({ lead }) => lead >= limits.doubtfulLead);
  if (rivals.length === 0) return { page: western, isConfident: western.anyShare >= limits.minWesternShare };
  const best = findBest(rivals.map(({ page }) => page)) ?? { page: western, isConfident: false };
  const lead = rivals.find(({ page }) => page === best.page)?.lead ?? 0;
  const isShown = lead >= limits.minLead && listDifferences(best.page, western).length >= limits.minDifferences;
  return { ...best, isConfident: best.isConfident && isShown };
}

/** The code page that most words make sense in, and whether the next one says something else. */
function findBest(pages: readonly PageRating[]): Choice | undefined {
  const [best, ...others] = [...pages].sort((a, b) => b.share - a.share);
  if (best === undefined) return undefined;
  const isAlone = others.every(
    (other) => best.share - other.share >= limits.doubtfulLead || listDifferences(best, other).length === 0,
  );
  return { page: best, isConfident: isAlone && best.share >= limits.minShare && best.words.length >= limits.minWords };
}

/** How much more of the words one page explains than another: of all words, or of those that differ. */
function computeLead(page: PageRating, other: PageRating): number {
  const places = listDifferences(page, other);
  if (places.length === 0) return 0;
  const overall = page.share - other.share;
  if (places.length < limits.minDifferences) return overall;
  const gain = sum(places.map((place) => (page.fits[place] ?? 0) - (other.fits[place] ?? 0))) / places.length;
  return Math.max(gain, overall);
}

function listDifferences(page: PageRating, other: PageRating): number[] {
  return page.words.flatMap((word, place) => (word === other.words[place] ? [] : [place]));
}

/** Encodings with two bytes a character, by the name of the detector. */
const wideEncodings: Readonly<Record<string, string>> = {
  Shift_JIS: 'shift_jis',
  'EUC-JP': 'euc-jp',
  GB18030: 'gb18030',
  Big5: 'big5',
  'EUC-KR': 'euc-kr',
};

/** Policy: the detector's confidence from which it is believed, and how little sense all code pages must make. */
const wideLimits = { minShare: 0.6, minLead: 0.2, maxOther: 0.5, minCandidateShare: 0.1 } as const;

/** The likeliest first. One that another comes close to is not believed. */
function rateWideEncodings({ lines }: ByteSurvey): readonly Rating[] {
  const bytes = Buffer.concat(lines.flatMap((line) => [line.bytes, Buffer.from('\n')]));
  const found = analyse(bytes).flatMap(({ name, confidence }) => {
    const known = wideEncodings[name];
    if (known === undefined || iconv.decode(bytes, known).includes('\uFFFD')) return [];
    return [{ name: known, share: confidence / 100 }];
  });
  const [first, second] = found;
  if (first === undefined || second === undefined || first.share - second.share >= wideLimits.minLead) return found;
  return found.map(({ name, share }) => ({ name, share: Math.min(share, wideLimits.minShare - 0.01) }));
}

const maxCandidates = 5;
/** Less than this share of sense is none. */
const minCandidateShare = 0.35;

function listCandidates(pages: readonly PageRating[], wide: readonly Rating[]): readonly string[] {
  const kept: Rating[] = [];
  const sorted = [...pages].sort((a, b) => b.share - a.share);
  for (const page of sorted) {
    const isRepeated = kept.some(({ name }) => {
      const other = pages.find((candidate) => candidate.name === name);
      return other !== undefined && listDifferences(page, other).length === 0;
    });
    if (page.share >= minCandidateShare && !isRepeated) kept.push(page);
  }
  return [...kept, ...wide.filter(({ share }) => share >= wideLimits.minCandidateShare)]
    .sort((a, b) => b.share - a.share)
    .slice(0, maxCandidates)
    .map(({ name }) => name);
}

const maxShownCharacters = 60;

/** Says what one line of the file would be in each of the encodings, so that a person can tell which is right. */
export function createUnclearEncodingError(
  file: string,
  { lines }: ByteSurvey,
  candidates: readonly string[],
): InputError {
  const [line] = [...lines].sort((a, b) => countReadings(b, candidates) - countReadings(a, candidates));
  const samples = line === undefined ? [] : candidates.map((name) => `--encoding ${name}: ${showLine(line, name)}`);
  return createInputError({
    code: 'ENCODING_UNCLEAR',
    file,
    ...(line === undefined ? {} : { line: line.line }),
    fact: 'this is not UTF-8, and it is not clear which encoding it is.',
    nextStep: ['Choose the encoding in which this line reads as it should:', ...samples].join('\n'),
  });
}

/** In how many ways the line can be read. */
function countReadings({ bytes }: ForeignLine, candidates: readonly string[]): number {
  return new Set(candidates.map((name) => iconv.decode(bytes, name))).size;
}

/** The part of the line that begins shortly before its first byte beyond ASCII. */
function showLine({ bytes }: ForeignLine, encoding: string): string {
  const first = bytes.findIndex((byte) => byte >= 0x80);
  const start = first > maxShownCharacters / 2 ? bytes.lastIndexOf(0x20, first) + 1 : 0;
  const text = iconv.decode(bytes.subarray(start), encoding).replaceAll(/\p{Cc}/gu, ' ');
  const characters = [...text];
  const shown = characters.slice(0, maxShownCharacters).join('');
  return `${start > 0 ? '…' : ''}${shown}${characters.length > maxShownCharacters ? '…' : ''}`;
}
