// What both tests share: a browser, a page whose console is watched, and the checks of accessibility.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const { CHROMIUM, SCREENSHOTS } = process.env;

/// A browser with a profile of its own. It runs as root in CI, where Chromium has no sandbox, and looks for no other host.
export async function launch(options = {}) {
  const profile = await mkdtemp(path.join(tmpdir(), 'browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    ...options,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/// A page at a URL, in a colour scheme and a width. Its errors are kept, but for files on other hosts, which are not here.
export async function open(context, url, { scheme = 'light', width = 1100 } = {}) {
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('dialog', (dialog) => { page.errors.push('a dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('console', (message) => {
    const elsewhere = message.location().url.startsWith('https://example.com/');
    if (['error', 'warning'].includes(message.type()) && !elsewhere) page.errors.push(message.text());
  });
  await page.route('https://example.com/**', (route) => route.abort());
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height: 900 });
  await page.goto(url);
  return page;
}

/// Contrast, labels and all else that axe-core finds. It is put into the page from outside, past the page's policy.
export async function accessible(page, what) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setBypassCSP', { enabled: true });
  await page.reload();
  for (const details of await page.locator('details').all()) await details.evaluate((element) => { element.open = true; });
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  await session.send('Page.setBypassCSP', { enabled: false });
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3)}`);
  assert.deepEqual(told, [], what);
}

/// Nothing is wider than the window.
export async function fits(page) {
  const [whole, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(whole <= window, `${whole} px in ${window}`);
}

export async function shoot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, name + '.png'), fullPage: true });
}
