import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFaults } from '#src/sandbox/fault.js';
import { customerFile, customerLines, keyedMapping, writeMapping } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { useChromium } from './open-chromium.js';

const place = useWorkplace();
const chromium = useChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let page: Page;
/** Everything that the page asked any network for. */
let asked: string[];

/** Imports sixty customers, with refusals, mistakes and a pause, and opens the report. */
beforeEach(async () => {
  await place.openApi({
    faults: parseFaults(['latency:any:ms=60', '400:add:every=20', '429:add:nth=30:retry-after=1']),
  });
  const lines = customerLines(60);
  lines[4] = lines[4]!.replace('c0005@example.com', '<img src=x onerror=alert(1)>');
  place.write('customers.csv', customerFile(lines));
  writeMapping(place, keyedMapping);
  const args = ['import', 'customers.csv', '--rate', '30', '--max-failures', '100%', '--report', 'report.html'];
  expect((await place.run(args)).exitCode).toBe(4);
  page = await chromium().newPage();
  asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(place.path('report.html')).href);
});

afterEach(() => page.close());

async function violations(): Promise<unknown> {
  // The page forbids scripts; the test's own comes in beside its rules.
  await page.addScriptTag({ content: axe }).catch(() => undefined);
  return page.evaluate(`${axe}; axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`);
}

// biome-ignore lint/performance/useDomNodeTextContent: what people see is what counts, hidden text is not
const shownText = () => page.innerText('body');
const tooWide = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe('the report in Chromium', () => {
  it('tells what became of the rows, why, and how the API did', async () => {
    const text = await shownText();
    expect(text).toMatch(/created\s+56\s+93\.3%/);
    expect(text).toMatch(/rejected by the API\s+3\s+5\.0%/);
    expect(text).toMatch(/invalid: never sent\s+1\s+1\.7%/);
    expect(text).toMatch(/rate-limited 1 time/);
    expect(text).toMatch(/Name\s+100%\s+60\s+13\s+text\s+all different/);
    expect(text).toMatch(/columns\s+5\s+the run/);
    expect(text).not.toContain('expectedColumns');
    expect(text).toMatch(/postalCode\s+100%\s+60/);
    expect(await page.locator('svg.chart').count()).toBe(2);
    expect(await page.locator('path.curve[d^="M"]').count()).toBe(4);
    expect(await page.locator('path.slice').count()).toBe(3);
  });

  it('asks no network for anything, and runs nothing that a file smuggles in', async () => {
    expect(asked).toEqual([pathToFileURL(place.path('report.html')).href]);
    expect(await page.locator('img, script, link, iframe').count()).toBe(0);
    expect(await shownText()).toContain('<img src=x onerror=alert(1)>');
  });

  it.each(['light', 'dark'] as const)('has nothing that axe objects to in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.locator('summary').click();
    expect(await shownText()).toContain('Finished, but 4 rows were not applied.');
    expect(await violations()).toEqual([]);
    // And it would object.
    await page.evaluate('document.querySelector("main").append(document.createElement("img"))');
    expect(await violations()).not.toEqual([]);
  });

  it('fits a phone, and is accessible there, too', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await tooWide()).toBe(0);
    expect(await violations()).toEqual([]);
  });

  it('can be used with the keyboard alone', async () => {
    await page.locator('summary').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('details[open]').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Chart data');
  });

  it('is light on paper, whatever the screen is, and leaves nothing out to the right', async () => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.setViewportSize({ width: 794, height: 1123 });
    expect(await tooWide()).toBe(0);
  });

  it('links to the files beside it', async () => {
    const href = await page.locator('a', { hasText: 'customers.rejects.csv' }).getAttribute('href');
    expect(href).toBe('customers.rejects.csv');
  });
});
