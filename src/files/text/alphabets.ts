/** A language, with the letters beyond ASCII that ordinary words of it have; capital letters follow from them. */
export interface Alphabet {
  readonly language: string;
  readonly letters: string;
  /**
   * Lower for a language whose letters stand on the same bytes as those of a much more frequent one, so that it does not
   * outweigh it. @default 1
   */
  readonly weight?: number;
  /** Words that the language does not have, although their letters are its own. */
  readonly not?: RegExp;
}

const western: readonly Alphabet[] = [
  { language: 'German', letters: 'äöüßé' },
  { language: 'French', letters: 'àâçéèêëîïôùûœÿ' },
  { language: 'Spanish', letters: 'áéíóúñü' },
  { language: 'Portuguese', letters: 'áàâãçéêíóôõúü', not: /õ(?!e)/iu },
  { language: 'Italian', letters: 'àèéìòù' },
  { language: 'Dutch', letters: 'éèëïöüáóú' },
  { language: 'Danish and Norwegian', letters: 'æøåéö' },
  { language: 'Swedish and Finnish', letters: 'åäöéü' },
  { language: 'Catalan', letters: 'àçèéíïòóúü' },
  { language: 'Irish and Welsh', letters: 'áéíóúâêîôûŵŷ' },
  // Their letters are where Hungarian and Turkish have their own.
  { language: 'Estonian', letters: 'äõöü', weight: 0.75 },
  { language: 'Icelandic', letters: 'áðéíóúýþæö', weight: 0.5 },
];

const central: readonly Alphabet[] = [
  { language: 'Polish', letters: 'ąćęłńóśźż' },
  { language: 'Czech', letters: 'áčďéěíňóřšťúůýž' },
  { language: 'Slovak', letters: 'áäčďéíľňóôšťúýž' },
  { language: 'Hungarian', letters: 'áéíóöőúüű' },
  { language: 'Croatian and Slovenian', letters: 'čćđšž' },
  { language: 'Romanian', letters: 'ăâîşţ' },
  { language: 'German', letters: 'äöüßé' },
];

const cyrillic: readonly Alphabet[] = [
  { language: 'Russian', letters: 'абвгдежзийклмнопрстуфхцчшщъыьэюяё' },
  { language: 'Ukrainian', letters: 'абвгґдеєжзиіїйклмнопрстуфхцчшщьюя' },
  { language: 'Serbian', letters: 'абвгдђежзијклљмнњопрстћуфхцчџш' },
];

const vietnamese = 'àáâãèéêìíòóôõùúýăđĩũơư\u0300\u0301\u0303\u0309\u0323';

/** Every character of the block: so many that half of all Asian texts fit, and Thai is never certain. */
const thai = String.fromCodePoint(...Array.from({ length: 0x4e }, (_, place) => 0x0e01 + place));

/** A one-byte encoding that is looked for, with what is written in it. */
export interface CodePage {
  /** As iconv-lite calls it. */
  readonly name: string;
  readonly alphabets: readonly Alphabet[];
}

/** One-byte encodings that are looked for, the more usual first: of those that fit equally well, the first is taken. */
export const codePages: readonly CodePage[] = [
  { name: 'windows-1252', alphabets: western },
  { name: 'macintosh', alphabets: western },
  { name: 'windows-1250', alphabets: central },
  { name: 'windows-1251', alphabets: cyrillic },
  { name: 'windows-1253', alphabets: [{ language: 'Greek', letters: 'αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ' }] },
  { name: 'windows-1254', alphabets: [{ language: 'Turkish', letters: 'âçğıiİîöşüû' }] },
  { name: 'windows-1255', alphabets: [{ language: 'Hebrew', letters: 'אבגדהוזחטיךכלםמןנסעףפץצקרשת' }] },
  {
    name: 'windows-1256',
    alphabets: [{ language: 'Arabic and Persian', letters: 'ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگکی' }],
  },
  {
    name: 'windows-1257',
    alphabets: [
      { language: 'Lithuanian', letters: 'ąčęėįšųūž' },
      { language: 'Latvian', letters: 'āčēģīķļņšūž' },
      { language: 'Estonian', letters: 'äõöüšž' },
    ],
  },
  { name: 'windows-1258', alphabets: [{ language: 'Vietnamese', letters: vietnamese, not: /\p{L}đ|\p{L}{8}/u }] },
  { name: 'windows-874', alphabets: [{ language: 'Thai', letters: thai, weight: 0.45 }] },
  { name: 'iso-8859-2', alphabets: central },
  { name: 'cp850', alphabets: western },
];
