// The page that publishing to a folder writes.

import assert from 'node:assert/strict';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, fits, launch, open, shoot } from './browser.mjs';

const { GALLERY } = process.env;
const TYPES = { '.html': 'text/html', '.svg': 'image/svg+xml' };
let browser, server, url;

before(async () => {
  browser = await launch();
  server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1) || 'index.html';
    const file = path.join(GALLERY, path.basename(name));
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${server.address().port}/`;
});

after(async () => {
  await browser.close();
  server.close();
});

test('everything of a package is on the page', async () => {
  const page = await open(browser.context, url);
  const shop = page.getByRole('article', { name: 'Corner Shop 1.2' });
  for (const text of ['Sells what the corner needs', 'by Ada', 'PHP74', 'Where the orders are kept.', 'orders.db']) {
    await shop.getByText(text).first().waitFor();
  }
  assert.equal(await shop.getByText('not-for-use').count(), 0, 'the default of a password is not shown');
  assert.equal(await shop.locator('.icon img').evaluate((image) => image.naturalWidth > 0), true, 'the icon is shown');
  assert.match(await shop.getByRole('link', { name: /^Download corner-shop-1.2/ }).getAttribute('href'), /msdeploy\.zip$/);
  await shop.getByText('Earlier versions').click();
  await shop.getByRole('link', { name: 'corner-shop-1.1.msdeploy.zip' }).waitFor();
  for (const way of ['With msdeploy', 'In IIS Manager', 'With the Web Platform Installer']) {
    await shop.getByText(way, { exact: true }).click();
  }
  await shop.getByText('webpicmd /Install /Products:').waitFor();
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('what a feed says is text and nothing else', async () => {
  const page = await open(browser.context, url);
  const text = await page.locator('body').innerText();
  for (const hostile of ['</h2><img src=x onerror=alert(1)>', '<b>Mallory</b>', '<i>Name</i>']) {
    assert.ok(text.includes(hostile), hostile);
  }
  assert.equal(await page.title(), 'Apps & <script>alert("title")</script>');
  assert.equal(await page.locator('script').count(), 1);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('links of the page lead to files that are there', async () => {
  const page = await open(browser.context, url);
  const links = await page.locator('a[href^="./"]').evaluateAll((all) => all.map((link) => link.href));
  assert.ok(links.length > 10);
  for (const link of new Set(links)) {
    assert.equal((await page.request.get(link)).status(), 200, link);
  }
  await page.getByRole('navigation').getByRole('link', { name: 'Corner Shop' }).click();
  assert.match(page.url(), /#package-\d+$/);
  await page.close();
});

test('a hash is copied with one click, and by keyboard', async () => {
  const page = await open(browser.context, url);
  const name = 'Copy SHA-256 of corner-shop-1.2.msdeploy.zip';
  const button = page.getByRole('button', { name }).first();
  await button.click();
  await page.getByRole('status').getByText('Copied.').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^[0-9a-f]{64}$/);
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await button.focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction((text) => navigator.clipboard.readText().then((now) => now === text), copied);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('the keyboard reaches every way to install', async () => {
  const page = await open(browser.context, url);
  const reached = new Set();
  for (let step = 0; step < 120; step += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const active = document.activeElement;
      return active.localName + ':' + active.textContent;
    });
    if (at === 'summary:In IIS Manager' && !reached.has(at)) {
      await page.keyboard.press('Enter');
      assert.ok(await page.evaluate(() => document.activeElement.parentElement.open), 'Enter opens it');
    }
    reached.add(at);
  }
  for (const wanted of ['summary:With msdeploy', 'summary:In IIS Manager', 'button:Copy']) assert.ok(reached.has(wanted), wanted);
  await page.close();
});

test('it is readable without a script', async () => {
  const plain = await launch({ javaScriptEnabled: false });
  const page = await plain.context.newPage();
  await page.goto(url);
  await page.getByText('certutil -hashfile FILE SHA256').waitFor();
  assert.equal(await page.locator('button').count(), 0, 'no button is there that would do nothing');
  await page.getByText('With msdeploy', { exact: true }).first().click();
  await page.getByText('-verb:sync').first().waitFor();
  await plain.close();
});

for (const scheme of ['light', 'dark']) {
  for (const width of [1100, 360]) {
    test(`it is accessible and fits: ${scheme}, ${width} px`, async () => {
      const page = await open(browser.context, url, { scheme, width });
      await fits(page);
      await shoot(page, `gallery-${scheme}-${width}`);
      await accessible(page, `${scheme} ${width}`);
      await page.close();
    });
  }
}
