import { describe, expect, it } from 'vitest';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

describe('mypos-customers sandbox', () => {
  it.each([[['--port', '0']], [[]]])('with %j takes any free port and serves until it is interrupted', async (more) => {
    const running = place.start(['sandbox', '--data', place.path('data.db'), ...more]);
    await running.saw('The sandbox is running at');
    running.signal('SIGINT');
    const { exitCode, stdout } = await running.finished;
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/http:\/\/127\.0\.0\.1:[1-9]\d+\/api\/v2/)]);
  });

  it.each(['99999', '-1', '1.5', 'http'])('refuses --port %s', async (port) => {
    const { exitCode, stderr } = await place.run(['sandbox', `--port=${port}`]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`--port ${port} is not a port`)]);
  });
});
