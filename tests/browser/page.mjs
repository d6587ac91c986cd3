// A browser, pages in it that note what must not happen, and what checks ask of GraphiQL.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const PATIENCE = 20_000;

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

let failed = 0;
/** Prints one line that says whether it holds; what the look returns is printed, too. */
export async function check(name, look) {
  try {
    const seen = await look();
    console.log(`ok    ${name}${seen ? `: ${seen}` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${String(error.message ?? error).split('\n').slice(0, 4).join(' | ')}`);
  }
}
export function expect(condition, message) {
  if (!condition) throw new Error(message);
}
/** Closes the browser, prints how it went, and ends. */
export async function finish() {
  await browser.close();
  console.log(failed ? `${failed} failed` : 'all passed');
  process.exit(failed ? 1 : 0);
}

/**
 * A page in a browser that has never been here, which notes everything that must not happen. `prepare` gets the page
 * before it goes to its address.
 */
export async function visit(target, { prepare, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const seen = { foreign: [], errors: [], dialogs: [], violations: [], posts: 0 };
  const own = new URL(target).host;
  const note = (address) => {
    const { protocol, host } = new URL(address);
    if (!['data:', 'blob:'].includes(protocol) && host !== own) seen.foreign.push(address);
  };
  // The context's, not the page's: workers ask for files, too.
  context.on('request', (request) => {
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
  await page.exposeFunction('noteViolation', (violation) => seen.violations.push(violation));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) =>
      globalThis.noteViolation(`${effectiveDirective}: ${blockedURI} at ${sourceFile}`),
    );
  });
  await prepare?.(page);
  const response = await page.goto(target);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  return { page, response, seen, close: () => context.close() };
}

/** Whether a page has done nothing that must not happen. */
export async function checkInnocence({ seen }, what) {
  await check(`no request to any other host (${what})`, () => {
    expect(seen.foreign.length === 0, seen.foreign.join(', '));
  });
  await check(`nothing that the content security policy forbids (${what})`, () => {
    expect(seen.violations.length === 0, seen.violations.join('; '));
  });
  await check(`no error in the console (${what})`, () => {
    expect(seen.errors.length === 0, seen.errors.join('; '));
  });
  await check(`no dialog (${what})`, () => {
    expect(seen.dialogs.length === 0, seen.dialogs.join('; '));
  });
}

/** The text of one of GraphiQL's editors: `operation.graphql`, `variables.json`, `request-headers.json`, `response.json`. */
export const editor = (page, name) =>
  page.evaluate((wanted) => {
    const models = globalThis.__MONACO?.editor.getModels() ?? [];
    return models.find(({ uri }) => uri.path.endsWith(wanted))?.getValue() ?? '';
  }, name);
/** Replaces the text of one of them. */
export const write = (page, name, text) =>
  page.evaluate(
    ([wanted, text]) => {
      const models = globalThis.__MONACO.editor.getModels();
      models.find(({ uri }) => uri.path.endsWith(wanted)).setValue(text);
    },
    [name, text],
  );
export const waitForResponse = (page, pattern, timeout = PATIENCE) =>
  page.waitForFunction(
    (source) => {
      const models = globalThis.__MONACO?.editor.getModels() ?? [];
      const text = models.find(({ uri }) => uri.path.endsWith('response.json'))?.getValue() ?? '';
      return new RegExp(source).test(text) && text;
    },
    pattern.source,
    { timeout },
  );
export const play = (page) => page.locator('.graphiql-execute-button');
/**
 * Closes the tab that is open, and waits until the strip has stood still for some frames: a tab that moves away between
 * the press and the release of a mouse button has not been clicked.
 */
export async function closeTab(page) {
  const left = (await page.locator('.graphiql-tab').count()) - 1;
  await page.locator('.graphiql-tab-active .graphiql-tab-close').click();
  const strip = await page.evaluateHandle(() => ({ frames: 0, places: '' }));
  await page.waitForFunction(
    ({ strip, left }) => {
      const tabs = [...document.querySelectorAll('.graphiql-tab')];
      const places = tabs.map((tab) => tab.getBoundingClientRect().x).join();
      strip.frames = strip.places === places ? strip.frames + 1 : 0;
      strip.places = places;
      return tabs.length === left && strip.frames >= 10;
    },
    { strip, left },
  );
}
/** Opens a tab and waits until the play button knows whether it has to ask which operation is meant. */
export async function openTab(page, name, { operations = 1 } = {}) {
  await page.locator('.graphiql-tab-button', { hasText: name }).click();
  await page.locator(`.graphiql-execute-button${operations > 1 ? '[aria-haspopup]' : ':not([aria-haspopup])'}`).waitFor();
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Lets axe-core look at what is shown, in light and dark. */
export async function checkAccess(page, what) {
  for (const colorScheme of ['dark', 'light']) {
    await check(`axe-core finds nothing serious (${what}, ${colorScheme})`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.locator(`.monaco-editor.${colorScheme === 'dark' ? 'vs-dark' : 'vs'}`).first().waitFor();
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html }) => ({ id, html })));
      expect(serious.length === 0, serious.map(({ id, html }) => `${id} at ${html}`).join('; '));
    });
  }
}
