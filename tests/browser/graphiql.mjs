// Looks at the GraphiQL page of a running server with a real browser.
//
//   node graphiql.mjs URL TOKEN [--screenshot FILE]
//
// or AUDITGRAPH_URL and AUDITGRAPH_TOKEN. The server must have events, and new ones must be happening (`auditgraph
// demo`). The browser is the one in CHROMIUM, or the first `chromium` on the PATH. Prints one line per check.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { screenshot: { type: 'string' } } });
const [address = process.env.AUDITGRAPH_URL, token = process.env.AUDITGRAPH_TOKEN] = positionals;
if (!address || !token) {
  console.error('usage: node graphiql.mjs URL TOKEN [--screenshot FILE]');
  process.exit(2);
}
const { origin } = new URL(address);
const url = `${origin}/graphql`;
const PATIENCE = 20_000;
const STREAM_PATIENCE = 60_000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim(),
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

// What axe-core finds in GraphiQL's own parts, which are not ours to change.
const ACCEPTED = [
  // A tab is an element of role "tab" with its own button and close button inside.
  ['nested-interactive', /^<li [^>]*\bgraphiql-tab\b/],
  // An entry of the history is labelled "Set active", whatever it shows.
  ['label-content-name-mismatch', /^<button [^>]*\bgraphiql-history-item-label\b/],
];

let failed = 0;
async function check(name, look) {
  try {
    const seen = await look();
    console.log(`ok    ${name}${seen ? `: ${seen}` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${String(error.message ?? error).split('\n').slice(0, 4).join(' | ')}`);
  }
}
function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** A page in a browser that has never been here, which notes everything that must not happen. */
async function visit(target, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const seen = { foreign: [], errors: [], dialogs: [], posts: 0 };
  const note = (address) => {
    const { protocol, host } = new URL(address);
    const own = ['data:', 'blob:'].includes(protocol) || host === new URL(origin).host;
    if (!own) seen.foreign.push(address);
  };
  page.on('request', (request) => {
    note(request.url());
    if (request.method() === 'POST') seen.posts += 1;
  });
  page.on('websocket', (socket) => note(socket.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') seen.errors.push(message.text());
  });
  page.on('pageerror', (error) => seen.errors.push(error.message));
  page.on('dialog', (dialog) => {
    seen.dialogs.push(dialog.message());
    return dialog.dismiss();
  });
  const response = await page.goto(target);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  return { page, response, seen, close: () => context.close() };
}

/** The text of one of GraphiQL's editors: `operation.graphql`, `variables.json`, `request-headers.json`, `response.json`. */
const editor = (page, name) =>
  page.evaluate((wanted) => {
    const models = globalThis.__MONACO?.editor.getModels() ?? [];
    return models.find(({ uri }) => uri.path.endsWith(wanted))?.getValue() ?? '';
  }, name);
const waitForResponse = (page, pattern, timeout = PATIENCE) =>
  page.waitForFunction(
    (source) => {
      const models = globalThis.__MONACO?.editor.getModels() ?? [];
      const text = models.find(({ uri }) => uri.path.endsWith('response.json'))?.getValue() ?? '';
      return new RegExp(source).test(text) && text;
    },
    pattern.source,
    { timeout },
  );
const play = (page) => page.locator('.graphiql-execute-button');
/** Opens a tab and waits until the play button knows whether it has to ask which operation is meant. */
async function openTab(page, name, { operations = 1 } = {}) {
  await page.locator('.graphiql-tab-button', { hasText: name }).click();
  await page.locator(`.graphiql-execute-button${operations > 1 ? '[aria-haspopup]' : ':not([aria-haspopup])'}`).waitFor();
}
const note = (page) => page.locator('.token-note');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Lets axe-core look at what is shown, in light and dark. */
async function checkAccess(page, what) {
  for (const colorScheme of ['dark', 'light']) {
    await check(`axe-core finds nothing serious (${what}, ${colorScheme})`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.locator(`.monaco-editor.${colorScheme === 'dark' ? 'vs-dark' : 'vs'}`).first().waitFor();
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html }) => ({ id, html })))
        .filter(({ id, html }) => !ACCEPTED.some(([rule, element]) => rule === id && element.test(html)));
      expect(serious.length === 0, serious.map(({ id, html }) => `${id} at ${html}`).join('; '));
    });
  }
}

const { page, response, seen, close } = await visit(`${url}#token=${token}`);

await check('the page comes with a strict content security policy', async () => {
  const policy = response.headers()['content-security-policy'] ?? '';
  const directives = new Map(policy.split(';').map((part) => part.trim().split(/\s+(.*)/s)));
  const scripts = directives.get('script-src') ?? directives.get('default-src') ?? '';
  expect(scripts === "'self'", `script-src is "${scripts}"`);
  expect(directives.get('frame-ancestors') === "'none'", `frame-ancestors is "${directives.get('frame-ancestors')}"`);
  const html = await response.text();
  expect(!/<script(?![^>]*\ssrc=)/.test(html), 'there is an inline script');
});

await check('it has a title and a language', async () => {
  expect((await page.title()) === 'Auditgraph', `the title is ${await page.title()}`);
  expect((await page.locator('html').getAttribute('lang')) === 'en', 'no lang');
});

await check('the token moves from the address into the headers editor', async () => {
  expect(page.url() === url, `the address is ${page.url()}`);
  const headers = JSON.parse(await editor(page, 'request-headers.json'));
  expect(headers.Authorization === `Bearer ${token}`, `the headers are ${JSON.stringify(headers)}`);
});

await check('"Newest events" shows events', async () => {
  await play(page).click();
  const text = await (await waitForResponse(page, /"(data|errors)"/)).jsonValue();
  const result = JSON.parse(text);
  expect(!result.errors, JSON.stringify(result.errors));
  expect(result.data.events.edges.length > 0, 'no events');
  return `${result.data.events.edges.length} events`;
});

await check('the documentation describes a type', async () => {
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const docs = page.locator('.graphiql-doc-explorer');
  await docs.getByRole('link', { name: 'Event', exact: true }).first().click();
  await docs.locator('.graphiql-doc-explorer-title', { hasText: /^Event$/ }).waitFor();
  const description = await docs.locator('.graphiql-markdown-description').first().innerText();
  expect(description.trim().length > 0, 'no description');
  return description.trim().split('\n')[0];
});
await checkAccess(page, 'documentation open');

await check('the history remembers the query', async () => {
  await page.getByRole('button', { name: 'Show History' }).click();
  await page.locator('.graphiql-history-item', { hasText: 'NewestEvents' }).first().waitFor();
});

await checkAccess(page, 'history open');
if (values.screenshot) await page.screenshot({ path: values.screenshot });
await page.getByRole('button', { name: 'Hide History' }).click();

await check('the example with two operations finds people', async () => {
  await openTab(page, 'OnePersonsWeek', { operations: 2 });
  await play(page).click();
  await page.getByRole('menuitem', { name: 'FindSomeone' }).click();
  const result = JSON.parse(await (await waitForResponse(page, /"(data|errors)"/)).jsonValue());
  expect(!result.errors, JSON.stringify(result.errors));
});

for (const name of ['WhoDeletedThingsLately', 'SourcesAndTheirHealth']) {
  await check(`the example ${name} works`, async () => {
    await openTab(page, name);
    await play(page).click();
    const result = JSON.parse(await (await waitForResponse(page, /"(data|errors)"/)).jsonValue());
    expect(!result.errors, JSON.stringify(result.errors));
  });
}

await check('the stream brings an event, and stops', async () => {
  await openTab(page, 'LiveStream');
  await play(page).click();
  const text = await (await waitForResponse(page, /"(cursor|errors)"/, STREAM_PATIENCE)).jsonValue();
  const result = JSON.parse(text);
  expect(!result.errors, JSON.stringify(result.errors));
  await page.getByRole('button', { name: /Stop query/ }).click();
  await page.getByRole('button', { name: /Execute query/ }).waitFor();
  return result.data.events.cursor;
});

await check('every tab has the token, a new one too', async () => {
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.locator('.graphiql-tab-active', { hasText: 'untitled' }).waitFor();
  await page.waitForFunction((wanted) => {
    const models = globalThis.__MONACO.editor.getModels();
    return models.find(({ uri }) => uri.path.endsWith('request-headers.json')).getValue().includes(wanted);
  }, token);
});

await check('the browser stores the token in one place', async () => {
  const places = await page.evaluate(
    (wanted) => Object.entries(localStorage).filter(([, value]) => value.includes(wanted)).map(([name]) => name),
    token,
  );
  expect(places.join() === 'graphiql:headers', `it is in ${places.join(', ') || 'none'}`);
});

await check('tabs and token survive a reload', async () => {
  const titles = () => page.locator('.graphiql-tab-button').allInnerTexts();
  await openTab(page, 'SourcesAndTheirHealth');
  const before = await titles();
  await page.waitForFunction(
    () => JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{}').activeTabIndex === 4,
  );
  await page.reload();
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  const after = await titles();
  expect(after.join() === before.join(), `before ${before.join()}, after ${after.join()}`);
  expect((await editor(page, 'operation.graphql')).includes('SourcesAndTheirHealth'), 'another tab is shown');
  expect((await editor(page, 'request-headers.json')).includes(token), 'the token is gone');
});

await check('no request to any other host', () => {
  expect(seen.foreign.length === 0, seen.foreign.join(', '));
});
await check('no error in the console', () => {
  expect(seen.errors.length === 0, seen.errors.join('; '));
});
await check('no event opens a dialog', () => {
  expect(seen.dialogs.length === 0, seen.dialogs.join('; '));
});
await close();

const newcomer = await visit(url);
await check('without a token the page says how to get one, and asks the server nothing', async () => {
  await note(newcomer.page).getByText('auditgraph token create').waitFor();
  await play(newcomer.page).click();
  await waitForResponse(newcomer.page, /There is no token yet/);
  expect(newcomer.seen.posts === 0, `${newcomer.seen.posts} requests`);
  expect(newcomer.seen.errors.length === 0, newcomer.seen.errors.join('; '));
});
await checkAccess(newcomer.page, 'no token');
await newcomer.close();

const mistaken = await visit(`${url}#token=ag_this_is_not_a_token`);
await check('a wrong token is explained', async () => {
  await note(mistaken.page).getByText('does not accept this token').waitFor();
  await play(mistaken.page).click();
  await waitForResponse(mistaken.page, /does not accept this token/);
});
await check('a wrong token is explained for streams, too', async () => {
  await openTab(mistaken.page, 'LiveStream');
  await play(mistaken.page).click();
  await waitForResponse(mistaken.page, /does not accept this token/);
});
await check('the right token then brings the schema', async () => {
  await mistaken.page.getByLabel('Token').fill(token);
  await mistaken.page.getByRole('button', { name: 'Use token' }).click();
  await note(mistaken.page).waitFor({ state: 'detached' });
  await mistaken.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await mistaken.page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Query', exact: true }).waitFor();
  expect((await editor(mistaken.page, 'request-headers.json')).includes(token), 'it is not in the headers editor');
});
await mistaken.close();

const narrow = await visit(`${url}#token=${token}`, { viewport: { width: 400, height: 800 } });
await check('a narrow window shows everything without scrolling sideways', async () => {
  const width = await narrow.page.evaluate(() => document.documentElement.scrollWidth);
  expect(width <= 400, `the page is ${width} pixels wide`);
  await play(narrow.page).click();
  await waitForResponse(narrow.page, /"data"/);
  const box = await narrow.page.locator('.result-window').boundingBox();
  expect(box && box.width > 200 && box.height > 150 && box.y + box.height <= 800, `the response is at ${JSON.stringify(box)}`);
});
await narrow.close();

await browser.close();
console.log(failed ? `${failed} failed` : 'all passed');
process.exit(failed ? 1 : 0);
