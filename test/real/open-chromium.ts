import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** On a machine on which it was just installed, and others are at work, it takes a while. */
const firstStartMs = 120_000;

/** Debian's Chromium with a profile of its own, for the tests of one file. */
export function useChromium(): () => BrowserContext {
  const folder = mkdtempSync(join(tmpdir(), 'mypos-chromium-'));
  let browser: BrowserContext | undefined;
  beforeAll(async () => {
    browser = await chromium.launchPersistentContext(folder, { executablePath: '/usr/bin/chromium', args: quiet });
  }, firstStartMs);
  afterAll(async () => {
    await browser?.close();
    // Its processes may write for a moment after it has closed.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });
  return () => {
    if (browser === undefined) throw new Error('Chromium is not open yet.');
    return browser;
  };
}
