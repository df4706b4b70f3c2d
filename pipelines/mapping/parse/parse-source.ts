import type { SourceHints } from '#pipelines/mapping/mapping.js';
import { namesOf, sourceProperties } from '#pipelines/mapping/mapping-properties.js';
import type { Place } from './place.js';

/** Reads how the file is to be read; `auto` counts as saying nothing. */
export function parseSource(place: Place): SourceHints {
  if (!place.isObjectOf(namesOf(sourceProperties))) return {};
  const sheet = place.at('sheet').asText();
  const headerRow = place.at('headerRow').asWholeNumber(1);
  const encoding = place.at('encoding').asText();
  const delimiter = delimiterOf(place.at('delimiter'));
  const lenientQuotes = place.at('lenientQuotes').asFlag();
  const skipHidden = place.at('skipHidden').asFlag();
  return {
    ...(sheet !== undefined && { sheet }),
    ...(headerRow !== undefined && { headerRow }),
    ...(encoding !== undefined && encoding !== 'auto' && { encoding }),
    ...(delimiter !== undefined && delimiter !== 'auto' && { delimiter }),
    ...(lenientQuotes !== undefined && { lenientQuotes }),
    ...(skipHidden !== undefined && { skipHidden }),
  };
}

function delimiterOf(place: Place): string | undefined {
  const delimiter = place.asAnyText();
  if (delimiter === undefined || delimiter === 'auto' || delimiter.length === 1) return delimiter;
  return place.problem('CHOICE_UNKNOWN', 'A delimiter is one sign, such as ";" or "\\t" for a tab, or "auto"');
}
