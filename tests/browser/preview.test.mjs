// The preview of an application, and its page about the simulation.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { accessible, fits, launch, open, shoot } from './browser.mjs';

const { IISWSGI, PROJECT } = process.env;
let browser, preview, shop, about;
let said = '';

before(async () => {
  browser = await launch();
  preview = spawn(IISWSGI, ['preview', PROJECT, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  preview.stdout.on('data', (bytes) => { said += bytes; });
  preview.stderr.on('data', (bytes) => { said += bytes; });
  const ended = new Promise((_, fail) => preview.on('exit', (code) => fail(new Error(`ended with ${code}: ${said}`))));
  ended.catch(() => {});
  const serving = (async () => {
    while (!/errors: (\S+)/.test(said)) await new Promise((soon) => setTimeout(soon, 50));
  })();
  await Promise.race([serving, ended]);
  shop = /Serving (\S+)/.exec(said)[1];
  about = /errors: (\S+)/.exec(said)[1];
});

after(async () => {
  await browser.close();
  if (preview.exitCode !== null) return;
  const ended = new Promise((ended) => preview.once('exit', ended));
  preview.kill('SIGTERM');
  await ended;
});

test('the application is there', async () => {
  const page = await open(browser.context, shop);
  await page.getByRole('heading', { name: 'The shop is open' }).waitFor();
  assert.deepEqual(page.errors, []);
  const site = await page.goto(new URL('/', shop).href);
  assert.equal(site.status(), 403);
  await page.getByText('/corner-shop/').first().waitFor();
  await page.close();
  assert.match(said, / 200 GET \/corner-shop\/ /);
});

test('an answer streams as it is made', async () => {
  const page = await open(browser.context, shop);
  const times = await page.evaluate(async () => {
    const reader = (await fetch('drip')).body.getReader();
    const times = [];
    while (!(await reader.read()).done) times.push(performance.now());
    return times;
  });
  assert.ok(times.length >= 3 && times.at(-1) - times[0] > 500, String(times));
  await page.close();
});

test('an error is shown with its traceback', async () => {
  const page = await open(browser.context, shop);
  assert.equal((await page.request.get(new URL('boom', shop).href)).status(), 500);
  await page.goto(about);
  await page.getByText(/500: GET \/corner-shop\/boom/).first().click();
  // The log of the processes, further down and closed, has it as well.
  await page.locator('section[aria-labelledby=errors]').getByText('ValueError: the till is <empty>').first().waitFor();
  await page.close();
});

test('processes, parameters, logs and what is simulated are there', async () => {
  const page = await open(browser.context, about);
  await page.getByRole('cell', { name: 'idle' }).first().waitFor();
  await page.getByText(/^Parameters/).click();
  await page.getByText('orders.db').waitFor();
  assert.equal(await page.getByText('not-for-use').count(), 0, 'a secret is masked');
  await page.getByText(/^What is simulated/).click();
  await page.getByText('named pipes').waitFor();
  await page.getByText('Log of the processes').click();
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('it keeps itself up to date, and what is open stays open', async () => {
  const page = await open(browser.context, about);
  await page.getByText('Log of the processes').click();
  await page.mouse.click(5, 5);
  await page.evaluate(() => document.activeElement.blur());
  await page.request.get(new URL('fresh?now=1', shop).href);
  await page.getByText('GET /corner-shop/fresh?now=1').waitFor({ timeout: 8000 });
  assert.ok(await page.locator('details[id^="log-"]').first().evaluate((details) => details.open));
  const pause = page.getByRole('button', { name: 'Pause updates' });
  await pause.focus();
  await page.keyboard.press('Space');
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('processes are recycled by a button, and by nobody else', async () => {
  const page = await open(browser.context, about);
  const number = () => page.locator('tbody tr td').first().innerText();
  const before = await number();
  await page.getByRole('button', { name: 'Recycle processes' }).click();
  await page.request.get(shop);
  await page.goto(about);
  assert.notEqual(await number(), before);
  const elsewhere = await page.request.post(new URL('recycle', about).href, { headers: { Origin: 'http://evil.example' } });
  assert.equal(elsewhere.status(), 403);
  const rebound = await page.request.get(about, { headers: { Host: 'evil.example' } });
  assert.equal(rebound.status(), 403);
  await page.close();
});

for (const scheme of ['light', 'dark']) {
  for (const width of [1100, 360]) {
    test(`the page is accessible and fits: ${scheme}, ${width} px`, async () => {
      const page = await open(browser.context, about, { scheme, width });
      await fits(page);
      await shoot(page, `preview-${scheme}-${width}`);
      await accessible(page, `${scheme} ${width}`);
      await page.close();
    });
  }
}

test('the pages of errors are accessible', async () => {
  const page = await open(browser.context, new URL('web.config', shop).href, { scheme: 'dark' });
  await page.getByRole('heading', { name: 'HTTP 404.' }).waitFor();
  await shoot(page, 'error-dark');
  await accessible(page, 'error');
  await page.close();
});
