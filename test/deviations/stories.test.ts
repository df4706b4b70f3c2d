import { describe, expect, it } from 'vitest';
import { useDeviantServers } from './deviant-server.js';
import { drawStory } from './draw-story.js';
import { playStory } from './play-story.js';

// DEVIATION_SEEDS=1-500 npx vitest run test/deviations/stories.test.ts
const [first = 1, last = first + 24] = (process.env.DEVIATION_SEEDS ?? '1-25').split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);

const start = useDeviantServers();

describe('two deviations, a kill and an older state folder: nobody is there twice or changed for another, and no exit code lies', () => {
  it.each(seeds)('seed %i', async (seed) => {
    const story = drawStory(seed);
    const { log, violations } = await playStory(story, start);
    const title = `${story.identity}; ${story.deviations.map(({ name }) => name).join('; ')}`;
    expect(violations, [title, ...log].join('\n')).toEqual([]);
  });
});
