// Drives the playground in a real Chromium: node playground.mjs URL KEY ANSWER FOLDER_FOR_SCREENSHOTS [TESTS]
// With the key `none` it must be ready without one; TESTS is a pattern of their names.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [, , url, key, answer, folder, wanted = ''] = process.argv;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const problems = [];

async function open(colorScheme = 'light') {
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, colorScheme });
  await context.route('**', (route) => { // the page needs nothing from elsewhere
    const { hostname } = new URL(route.request().url());
    if (hostname === '127.0.0.1') return route.continue();
    problems.push(`asked for ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (line) => {
    if (/Content Security Policy|Refused/.test(line.text())) problems.push(line.text());
  });
  await page.goto(url);
  return page;
}

async function signIn(page) {
  if (key === 'none') return page.waitForSelector('#state[data-is=ready]');
  await page.waitForSelector('#state[data-is=away]');
  await page.fill('#key', key);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#state[data-is=ready]');
  assert.equal(await page.locator('#problem').isVisible(), false);
}

const text = (page) => page.evaluate(() => window.fimble.text());
const ghost = (page) => page.evaluate(() => window.fimble.ghost());

async function until(page, text) {
  await page.waitForFunction((ghost) => window.fimble.ghost() === ghost, text);
}

async function startTyping(page, typed) {
  await page.selectOption('#language', 'plaintext');
  await page.locator('.cm-content').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type(typed);
  await until(page, answer);
}

const tests = {
  async 'a key is asked for and kept for this tab alone'() {
    const page = await open();
    await page.getByText('This server needs an API key.').waitFor();
    await signIn(page);
    assert.equal(await page.evaluate(() => sessionStorage.getItem('fimble-key')), key);
    assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('fim_')), false);
    await page.reload();
    await page.waitForSelector('#state[data-is=ready]');
    return page;
  },

  async 'ghost text comes while typing, and Tab accepts it'() {
    const page = await open();
    await signIn(page);
    await startTyping(page, 'x = ');
    assert.equal(await page.locator('.cm-ghost').innerText(), answer);
    assert.equal(await text(page), 'x = ');
    await page.keyboard.press('Tab');
    assert.equal(await text(page), 'x = ' + answer);
    assert.match(await page.locator('#spoken').textContent(), /Accepted/);
    return page;
  },

  async 'Ctrl+Right accepts a word, Escape dismisses the rest'() {
    const page = await open();
    await signIn(page);
    await startTyping(page, 'x = ');
    const [word] = /^\w+/.exec(answer);
    await page.keyboard.press('Control+ArrowRight');
    assert.equal(await text(page), 'x = ' + word);
    assert.equal(await ghost(page), answer.slice(word.length));
    await page.keyboard.press('Escape');
    assert.equal(await ghost(page), '');
    assert.equal(await text(page), 'x = ' + word);
    await page.keyboard.press('Alt+\\');
    await until(page, answer);
    return page;
  },

  async 'a wrong key is said to be wrong'() {
    const page = await open();
    await page.fill('#key', 'fim_wrong');
    await page.keyboard.press('Enter');
    await page.getByText('This key is not valid here').waitFor();
    await signIn(page);
    return page;
  },

  async 'what is typed by hand is kept of the suggestion'() {
    const page = await open();
    await signIn(page);
    await startTyping(page, 'x = ');
    let asked = 0;
    page.on('request', (request) => { asked += Number(request.url().endsWith('/complete')); });
    await page.keyboard.type(answer.slice(0, 3));
    assert.equal(await ghost(page), answer.slice(3));
    assert.equal(asked, 0);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await ghost(page), '');
    return page;
  },

  async 'figures stand under the text'() {
    const page = await open();
    await signIn(page);
    await startTyping(page, 'x = ');
    assert.match(await page.locator('#latency').innerText(), /^[\d.,]+ ms$/);
    assert.match(await page.locator('#made-tokens').innerText(), new RegExp(`^${answer.length} tokens$`));
    assert.ok(await page.locator('#bars rect').count() > 0);
    return page;
  },

  async 'the chat streams, and its field is cleared'() {
    const page = await open();
    await signIn(page);
    await page.click('#chat-tab');
    assert.equal(await page.locator('#plain').isVisible(), true);
    await page.keyboard.type('add two numbers');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.turn.assistant .note');
    assert.equal(await page.locator('.turn.user .said').innerText(), 'add two numbers');
    assert.equal(await page.locator('.turn.assistant .said').innerText(), answer);
    assert.equal(await page.inputValue('#message'), '');
    await page.click('#clear');
    assert.equal(await page.locator('.turn').count(), 0);
    return page;
  },

  async 'tabs, theme and language can be used from the keyboard'() {
    const page = await open();
    await signIn(page);
    await page.locator('#editor-tab').focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.getAttribute('#chat-tab', 'aria-selected'), 'true');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.locator('#editor-panel').isVisible(), true);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.locator('#theme').focus();
    await page.keyboard.press('Enter');
    assert.notEqual(await background(), light);
    await page.reload();
    assert.notEqual(await background(), light);
    await page.selectOption('#language', 'go');
    assert.equal(await page.locator('#file').innerText(), 'stack.go');
    return page;
  },

  async 'every control has a name'() {
    const page = await open();
    await signIn(page);
    for (const role of ['button', 'combobox', 'tab', 'textbox']) {
      for (const control of await page.getByRole(role).all()) {
        const shown = await control.evaluate((each) => each.outerHTML.slice(0, 80));
        const name = await control.evaluate((each) => each.getAttribute('aria-label') || each.labels?.[0]?.textContent
          || each.textContent);
        assert.ok(name.trim(), shown);
      }
    }
    return page;
  },

  async 'it looks as it should, in light and dark'() {
    for (const scheme of ['light', 'dark']) {
      const page = await open(scheme);
      await signIn(page);
      await page.locator('.cm-content').focus();
      await page.keyboard.type('2 * ');
      await until(page, answer);
      await page.screenshot({ path: `${folder}/editor-${scheme}.png` });
      await page.setViewportSize({ width: 420, height: 860 });
      for (const tab of ['editor', 'chat']) {
        await page.click(`#${tab}-tab`);
        await page.screenshot({ path: `${folder}/narrow-${tab}-${scheme}.png` });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.equal(wide, false, 'nothing sticks out at the side');
      }
      await page.context().close();
    }
  },
};

for (const [name, test] of Object.entries(tests)) {
  if (!name.match(wanted)) continue;
  const page = await test();
  await page?.context().close();
  console.log('ok', name);
}
await browser.close();
assert.deepEqual(problems, []);
