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

/** Debian's Chromium with a profile of its own, for the tests of one file. */
export function useChromium(): () => BrowserContext {
  const folder = mkdtempSync(join(tmpdir(), 'mypos-chromium-'));
  let browser: BrowserContext | undefined;
  beforeAll(async () => {
    browser = await chromium.launchPersistentContext(folder, { executablePath: '/usr/bin/chromium', args: quiet });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    if (browser === undefined) throw new Error('Chromium is not open yet.');
    return browser;
  };
}
