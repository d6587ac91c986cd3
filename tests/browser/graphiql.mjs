// Looks at the GraphiQL page of a running server with a real browser.
//
//   node graphiql.mjs URL TOKEN [--screenshot FILE]
//
// or AUDITGRAPH_URL and AUDITGRAPH_TOKEN. The server must have events, and new ones must be happening (`auditgraph
// demo`). The browser is the one in CHROMIUM, or the first `chromium` on the PATH. Prints one line per check.
import { parseArgs } from 'node:util';
import { checkAnswers } from './answers.mjs';
import { checkKeyboard } from './keyboard.mjs';
import { check, checkAccess, checkInnocence, closeTab, editor, expect, finish, openTab, play, visit, waitForResponse, write } from './page.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { screenshot: { type: 'string' } } });
const [address = process.env.AUDITGRAPH_URL, token = process.env.AUDITGRAPH_TOKEN] = positionals;
if (!address || !token) {
  console.error('usage: node graphiql.mjs URL TOKEN [--screenshot FILE]');
  process.exit(2);
}
const { origin } = new URL(address);
const url = `${origin}/graphql`;
const STREAM_PATIENCE = 60_000;

const note = (page) => page.locator('.token-note');

const first = await visit(`${url}#token=${token}`);
const { page, response } = first;

await check('the page comes with a strict content security policy', async () => {
  const policy = response.headers()['content-security-policy'] ?? '';
  const directives = new Map(
    policy.split(';').map((part) => {
      const [name, ...sources] = part.trim().split(/\s+/);
      return [name, sources.join(' ')];
    }),
  );
  const styles = directives.get('style-src-elem') ?? '';
  const expected = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src-elem': /^'self' 'nonce-[\w-]{22}'$/.test(styles) ? styles : 'its own and one nonce',
    'style-src-attr': "'unsafe-inline'",
    'img-src': "'self' data:",
    'font-src': "'self' data:",
    'worker-src': "'self'",
    'connect-src': "'self'",
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
  };
  for (const [name, sources] of directives) {
    expect(sources === expected[name], `${name} is "${sources}", not "${expected[name]}"`);
  }
  expect(directives.size === Object.keys(expected).length, `it has only ${[...directives.keys()].join(', ')}`);
  const html = await response.text();
  expect(!/<script(?![^>]*\ssrc=)/.test(html), 'there is an inline script');
  expect(!/\son\w+=/.test(html), 'there is an inline event handler');
});

await check('no two readers get the same nonce, and nothing keeps it', async () => {
  const again = await page.request.get(url, { headers: { accept: 'text/html' } });
  const policies = [response, again].map((one) => one.headers()['content-security-policy']);
  expect(policies[0] !== policies[1], 'it is the same');
  expect(response.headers()['cache-control'] === 'no-store', `it is kept: ${response.headers()['cache-control']}`);
});

await check('nobody may frame the page, guess its type or learn where its reader came from', async () => {
  const script = await page.locator('script[src]').first().getAttribute('src');
  const asset = await page.request.get(new URL(script, origin).href);
  for (const one of [response, asset]) {
    const headers = one.headers();
    for (const [name, value] of [
      ['x-frame-options', 'DENY'],
      ['x-content-type-options', 'nosniff'],
      ['referrer-policy', 'no-referrer'],
    ]) {
      expect(headers[name] === value, `${one.url()}: ${name} is ${headers[name]}`);
    }
    expect(headers['content-security-policy']?.includes("frame-ancestors 'none'"), `${one.url()} may be framed`);
  }
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

await check('the history remembers the query, and opens it again', async () => {
  await page.getByRole('button', { name: 'Show History' }).click();
  const entry = page.getByRole('button', { name: 'NewestEvents', exact: true }).and(page.locator('.graphiql-history-item-label'));
  await entry.waitFor();
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.locator('.graphiql-tab-active', { hasText: 'untitled' }).waitFor();
  await entry.click();
  await page.locator('.graphiql-tab-active', { hasText: 'NewestEvents' }).waitFor();
  const query = await editor(page, 'operation.graphql');
  expect(query.includes('query NewestEvents'), `the editor has ${query}`);
  await play(page).click();
  const result = JSON.parse(await (await waitForResponse(page, /"(data|errors)"/)).jsonValue());
  expect(result.data.events.edges.length > 0, 'it finds nothing now');
});

await checkAccess(page, 'history open');
if (values.screenshot) await page.screenshot({ path: values.screenshot });
await page.getByRole('button', { name: 'Hide History' }).click();
await closeTab(page);

await check('the example with two operations finds people', async () => {
  await openTab(page, 'OnePersonsWeek', { operations: 2 });
  await play(page).click();
  await page.getByRole('menuitem', { name: 'FindSomeone' }).click();
  const result = JSON.parse(await (await waitForResponse(page, /"(data|errors)"/)).jsonValue());
  expect(!result.errors, JSON.stringify(result.errors));
});

await check('the example that lets a program read saves a filter', async () => {
  await openTab(page, 'LetAProgramRead', { operations: 3 });
  for (const [operation, answer] of [['SaveAFilter', /"(createSavedFilter|errors)"/], ['TokensOfMyFilters', /"(savedFilters|errors)"/]]) {
    await play(page).click();
    await page.getByRole('menuitem', { name: operation }).click();
    const result = JSON.parse(await (await waitForResponse(page, answer)).jsonValue());
    expect(!result.errors, JSON.stringify(result.errors));
  }
});

/** Plays one operation of the tab that is open; its data. */
async function played(operation, answer) {
  await play(page).click();
  await page.getByRole('menuitem', { name: operation, exact: true }).click();
  const result = JSON.parse(await (await waitForResponse(page, answer)).jsonValue());
  expect(!result.errors, JSON.stringify(result.errors));
  return result.data;
}

await check('the example that makes a spreadsheet makes one', async () => {
  await openTab(page, 'MakeASpreadsheet', { operations: 2 });
  await played('MakeASpreadsheet', /"(createExport|errors)"/);
  const { exports } = await played('MyExports', /"(exports|errors)"/);
  expect(exports.nodes.length > 0, 'there is none');
});

await check('the example that sends mails makes a filter subscription', async () => {
  await openTab(page, 'MailMeDeletions', { operations: 3 });
  const { createSavedFilter } = await played('SaveDeletions', /"(createSavedFilter|errors)"/);
  await write(page, 'variables.json', JSON.stringify({ filter: createSavedFilter.savedFilter.id }));
  const made = await played('MailMeDeletions', /"(createFilterSubscription|errors)"/);
  expect(made.createFilterSubscription.filterSubscription.nextRuns.length > 0, 'it is never sent');
  const { previewSchedule } = await played('WhenItWouldBeSent', /"(previewSchedule|errors)"/);
  return previewSchedule.nextRuns[0];
});

await check('the example that sends events elsewhere makes an endpoint', async () => {
  await openTab(page, 'SendEventsElsewhere', { operations: 2 });
  // On this machine, where nobody listens.
  await write(page, 'variables.json', JSON.stringify({ url: 'http://127.0.0.1:9/audit' }));
  const { createWebhookEndpoint } = await played('SendEventsElsewhere', /"(createWebhookEndpoint|errors)"/);
  expect(createWebhookEndpoint.secret.startsWith('whsec_'), 'there is no secret');
  const { webhookEndpoints } = await played('HowSendingGoes', /"(webhookEndpoints|errors)"/);
  expect(webhookEndpoints.nodes.length > 0, 'there is none');
});

await check('the example that changes things upstream says what it would do', async () => {
  await openTab(page, 'TryADepartment', { operations: 4 });
  const { users } = await played('FindSomeone', /"(users|errors)"/);
  const somebody = users.nodes.find(({ aliases }) => aliases.some(({ namespace }) => namespace === 'account'));
  await write(page, 'variables.json', JSON.stringify({ user: somebody.id, event: '' }));
  const { updateUserProfile } = await played('TryADepartment', /"(updateUserProfile|errors)"/);
  expect(updateUserProfile.fields.length === 4, 'there are no fields');
  await played('DeletedIssues', /"(events|errors)"/);
});

for (const name of ['WhoDeletedThingsLately', 'SourcesAndTheirHealth', 'WhoDidHowMuch', 'WhatDataCenterTells', 'WhatWasDoneHere']) {
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
  await page.waitForFunction((count) => {
    const { activeTabIndex, tabs } = JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{"tabs": []}');
    return tabs[activeTabIndex]?.title === 'SourcesAndTheirHealth' && tabs.length === count;
  }, before.length);
  await page.reload();
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  const after = await titles();
  expect(after.join() === before.join(), `before ${before.join()}, after ${after.join()}`);
  expect((await editor(page, 'operation.graphql')).includes('SourcesAndTheirHealth'), 'another tab is shown');
  expect((await editor(page, 'request-headers.json')).includes(token), 'the token is gone');
});

await checkInnocence(first, 'all of the above');
await first.close();

const sender = await visit(`${url}#token=${token}`);
await check('a header from the headers editor travels with the query', async () => {
  const { page } = sender;
  await page.getByRole('button', { name: 'Headers', exact: true }).click();
  await page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines').click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('"X-Request-Id": "asked-in-a-browser",');
  const [request] = await Promise.all([
    page.waitForRequest((one) => one.method() === 'POST' && one.postDataJSON().operationName === 'NewestEvents'),
    play(page).click(),
  ]);
  const sent = await request.allHeaders();
  expect(sent['x-request-id'] === 'asked-in-a-browser', `sent: ${JSON.stringify(sent)}`);
  expect(sent.authorization === `Bearer ${token}`, 'the token is gone');
  const answered = await request.response();
  expect(answered.headers()['x-request-id'] === 'asked-in-a-browser', 'the server did not see it');
});
await checkInnocence(sender, 'headers');
await sender.close();

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

await checkKeyboard(`${url}#token=${token}`);
await checkAnswers(url, token);

await finish();
