import { trimText } from '#pipelines/mapping/normalise-name.js';
import { choice, required } from '#pipelines/shape.js';
import { defineTransform, type Transform } from './transform.js';

const nameParts = ['first', 'last'] as const;

/** What may stand behind a comma without being a first name. */
const suffixes = /^(?:jr|sr|junior|senior|i{2,3}|iv|phd|md|esq|dds|cpa|mba|obe|oam)\.?$/i;

/** Transforms of the name of a person. */
export const nameTransforms = {
  namePart: defineTransform({
    description:
      'Keeps the first or the last name of a person: "O\'Brien, Maeve" at the comma, "Maeve O\'Brien" at the first space. A single word is a last name.',
    options: { part: required(choice(nameParts), 'The part to keep: first or last.') },
    apply:
      ({ part }) =>
      (text) =>
        splitName(text)[part],
    noInverse: 'the other part of the name is lost',
  }),
} as const satisfies Record<string, Transform>;

function splitName(text: string): Readonly<Record<(typeof nameParts)[number], string>> {
  const name = trimText(text.replaceAll(/\s+/g, ' '));
  const comma = name.indexOf(',');
  const behind = trimText(name.slice(comma + 1));
  if (comma > 0 && behind !== '' && !suffixes.test(behind))
    return { first: behind, last: trimText(name.slice(0, comma)) };
  const space = name.indexOf(' ');
  return space === -1 ? { first: '', last: name } : { first: name.slice(0, space), last: name.slice(space + 1) };
}
