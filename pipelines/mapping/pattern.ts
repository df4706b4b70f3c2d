import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { refine, type Shape, text } from '#pipelines/shape.js';
import { translatePattern } from './translate-pattern.js';

const require = createRequire(import.meta.url);

const maxPatternLength = 200;

/** The time of a match grows with the instructions of a pattern and with the text: a{1000} has a thousand of them. */
const maxInstructions = 2000;

/** Loads the engine when the first pattern needs it: few mappings have one. */
function loadEngine(): typeof RE2JS {
  return (require('re2js') as typeof import('re2js')).RE2JS;
}

/** The first match of a pattern in a text. */
export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  /** The whole match, then the groups; `undefined` for a group that has no part in it. */
  readonly groups: readonly (string | undefined)[];
}

/** A regular expression whose time grows with the length of the text only, whatever text it is. */
export interface Pattern {
  readonly groupCount: number;
  /** @param from - Where the search begins, in UTF-16 units. */
  find(text: string, from?: number): PatternMatch | undefined;
}

type PatternCompilation =
  | { readonly ok: true; readonly pattern: Pattern }
  /** Why it cannot be used, as a sentence. */
  | { readonly ok: false; readonly fault: string };

/** The flags of JavaScript that a pattern may have. */
interface PatternFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
}

/** Prepares a pattern that JavaScript has accepted. */
export function compilePattern(source: string, flags: PatternFlags = {}): PatternCompilation {
  if (source.length > maxPatternLength)
    return { ok: false, fault: `The pattern is longer than ${maxPatternLength} characters; simplify it` };
  const translation = translatePattern(source, flags.dotAll === true);
  if (!translation.ok)
    return {
      ok: false,
      fault: `The pattern ${translation.says}, which patterns of a mapping cannot: they must finish on every text; use a group, or a second transform`,
    };
  const engine = loadEngine();
  try {
    const compiled = engine.compile(
      translation.source,
      (flags.ignoreCase === true ? engine.CASE_INSENSITIVE : 0) | (flags.multiline === true ? engine.MULTILINE : 0),
    );
    if (compiled.programSize() > maxInstructions)
      return { ok: false, fault: 'The pattern has too many or too large repetitions; simplify it' };
    return { ok: true, pattern: buildPattern(compiled) };
  } catch (error) {
    return { ok: false, fault: `The pattern is not supported: ${readReason(error)}; simplify it` };
  }
}

/** A regular expression of JavaScript with the flag u, except what a linear-time engine cannot match. */
export function pattern(): Shape<string> {
  return refine(
    text(),
    (source, node) => {
      try {
        new RegExp(source, 'u');
      } catch (error) {
        return node.report('PATTERN_INVALID', `The pattern is not valid: ${(error as Error).message}; correct it`);
      }
      const compilation = compilePattern(source);
      return compilation.ok ? source : node.report('PATTERN_INVALID', compilation.fault);
    },
    { maxLength: maxPatternLength, format: 'regex' },
  );
}

function buildPattern(compiled: RE2JS): Pattern {
  const groupCount = compiled.groupCount();
  return {
    groupCount,
    find: (text, from = 0) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find(from)) return undefined;
      const groups = Array.from({ length: groupCount + 1 }, (_, group) => matcher.group(group) ?? undefined);
      return { start: matcher.start(), end: matcher.end(), groups };
    },
  };
}

/** What the engine says, without the pattern in its own spelling. */
function readReason(error: unknown): string {
  const { message } = error as Error;
  return message.replace(/^error parsing regexp: /, '').replace(/: `.*`$/s, '');
}
