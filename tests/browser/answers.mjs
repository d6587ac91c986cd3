// What the page makes of answers that a healthy server with friendly data does not give. They are put in the place of the
// server's, which gives them on its own only in need.
import { check, checkInnocence, expect, openTab, play, visit, waitForResponse } from './page.mjs';

/** Answers the query that the page opens with, and nothing else. */
const answerWith = (status, body) => (page) =>
  page.route('**/graphql', (route) => {
    const request = route.request();
    const isAsked = request.method() === 'POST' && request.postDataJSON().operationName === 'NewestEvents';
    if (!isAsked) return route.fallback();
    return route.fulfill({ status, contentType: 'application/graphql-response+json', body: JSON.stringify(body) });
  });

const HOSTILE = [
  '//elsewhere.example/a.png',
  '/graphql/assets/a.png',
  '<img src=x onerror="alert(1)">',
  '</script><script>alert(2)</script>',
  '"><svg onload=alert(3)>',
  '[click](javascript:alert(4)) ![](//elsewhere.example/b.png)',
  '<iframe srcdoc="<script>alert(5)</script>">',
  '<style>*{display:none}</style>',
];

/** Plays the server's side of one socket after the other; each entry gets the socket and what was subscribed to. */
const sockets = (entries) => (page) => {
  const left = [...entries];
  return page.routeWebSocket(/\/graphql\/ws$/, (socket) => {
    const entry = left.shift();
    socket.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.type === 'connection_init') {
        if (typeof entry === 'function') socket.send(JSON.stringify({ type: 'connection_ack' }));
        else socket.close(entry);
      }
      if (message.type === 'subscribe') entry(socket, message);
    });
  });
};
const sendEvent = (socket, id, cursor) => {
  const payload = { data: { events: { cursor, node: { time: '2026-11-20T09:15:02Z', message: `event ${cursor}` } } } };
  socket.send(JSON.stringify({ type: 'next', id, payload }));
};

export async function checkAnswers(url, token) {
  const address = `${url}#token=${token}`;

  const edges = HOSTILE.map((message) => ({ node: { message } }));
  const hostile = await visit(address, { prepare: answerWith(200, { data: { events: { edges } } }) });
  await check('what a hostile event says is shown as text and does nothing', async () => {
    const { page } = hostile;
    const count = () => page.evaluate(() => document.querySelectorAll('script, iframe, img, object, embed').length);
    const before = await count();
    await play(page).click();
    const text = await (await waitForResponse(page, /"data"/)).jsonValue();
    const shown = JSON.parse(text).data.events.edges.map(({ node }) => node.message);
    expect(shown.join() === HOSTILE.join(), `it shows ${shown.join()}`);
    for (const part of ['//elsewhere.example/a.png', '/graphql/assets/a.png', 'onerror']) {
      await page.locator('.result-window .view-line', { hasText: part }).first().hover();
    }
    expect((await count()) === before, 'it has become elements');
    // Where the pointer rests, a preview of the picture would open; that nothing has, yet, would prove nothing.
    const previews = await page.evaluate(() => {
      const editors = globalThis.__MONACO.editor.getEditors();
      const response = editors.find((one) => one.getModel()?.uri.path.endsWith('response.json'));
      return response.getRawOptions().hover?.enabled;
    });
    expect(previews === false, `previews are ${previews}`);
  });
  await checkInnocence(hostile, 'hostile events');
  await hostile.close();

  const script = '<img src=x onerror=alert(1)>';
  const lured = await visit(`${url}?${encodeURIComponent(script)}#token=${encodeURIComponent(script)}`);
  await check('a hostile address does nothing', async () => {
    await lured.page.locator('.token-note').waitFor();
    expect((await lured.page.locator('img').count()) === 0, 'it has become an element');
  });
  // The browser writes a refused request, 401, to the console by itself.
  lured.seen.errors = lured.seen.errors.filter((error) => !/\b401\b/.test(error));
  await checkInnocence(lured, 'hostile address');
  await lured.close();

  for (const [status, code] of [
    [429, 'RATE_LIMITED'],
    [400, 'QUERY_TOO_COMPLEX'],
    [503, 'INTERNAL_SERVER_ERROR'],
  ]) {
    const body = { errors: [{ message: `refused: ${code}`, extensions: { code } }] };
    const { page, close } = await visit(address, { prepare: answerWith(status, body) });
    await check(`${code} is shown as the server says it`, async () => {
      await play(page).click();
      const text = await (await waitForResponse(page, /refused/)).jsonValue();
      expect(JSON.stringify(JSON.parse(text)) === JSON.stringify(body), `it shows ${text}`);
      expect((await page.locator('.token-note').count()) === 0, 'the token is blamed');
    });
    await close();
  }

  const refusals = [4400, 4406, 4408, 4409, 4429, 4500, 1001];
  const refused = await visit(address, { prepare: sockets(refusals.map((code) => ({ code, reason: `reason ${code}` }))) });
  await check('why the server closes a stream is said in words', async () => {
    await openTab(refused.page, 'LiveStream');
    const messages = new Set();
    for (const code of refusals) {
      await play(refused.page).click();
      const text = await (await waitForResponse(refused.page, new RegExp(`"code": ${code}`))).jsonValue();
      const shown = JSON.parse(text).errors?.[0] ?? JSON.parse(text);
      expect(shown.server === `reason ${code}`, `${code}: it shows ${text}`);
      expect(/^(The|Something) .{20,}\.$/.test(shown.message), `${code}: it says ${shown.message}`);
      messages.add(shown.message);
      await refused.page.getByRole('button', { name: /Execute query/ }).waitFor();
    }
    expect(messages.size === refusals.length, 'it says the same of different ends');
    expect((await refused.page.locator('.token-note').count()) === 0, 'the token is blamed');
  });
  await refused.close();

  for (const code of [4401, 4403]) {
    const revoked = await visit(address, {
      prepare: sockets([
        (socket, { id }) => {
          sendEvent(socket, id, '41');
          socket.close({ code, reason: 'the token is no longer valid' });
        },
      ]),
    });
    await check(`a token that is revoked in the middle of a stream is explained (${code})`, async () => {
      await openTab(revoked.page, 'LiveStream');
      await play(revoked.page).click();
      await waitForResponse(revoked.page, /does not accept this token.*revoked/);
      await waitForResponse(revoked.page, /the token is no longer valid/);
      await revoked.page.locator('.token-note').getByText('does not accept this token').waitFor();
    });
    await revoked.close();
  }

  const asked = [];
  const restarted = await visit(address, {
    prepare: sockets([
      (socket, { id, payload }) => {
        asked.push(payload);
        sendEvent(socket, id, '41');
        sendEvent(socket, id, '42');
        socket.close({ code: 1001, reason: 'the server stops; resume with the last cursor' });
      },
      { code: 1013, reason: 'the database does not answer; try again' },
      (socket, { id, payload }) => {
        asked.push(payload);
        sendEvent(socket, id, '43');
      },
    ]),
  });
  await check('a stream goes on after the last cursor when the server stops and comes back', async () => {
    await openTab(restarted.page, 'LiveStream');
    await play(restarted.page).click();
    await waitForResponse(restarted.page, /going on after cursor 42/);
    await waitForResponse(restarted.page, /event 43/);
    expect(asked.length === 2, `it asked ${asked.length} times`);
    expect(!/after:/.test(asked[0].query.replace(/#.*/g, '')), 'it did not begin at the present');
    expect(/events\(after: "42"\)/.test(asked[1].query), `it asked for ${asked[1].query}`);
    await restarted.page.getByRole('button', { name: /Stop query/ }).click();
    await restarted.page.getByRole('button', { name: /Execute query/ }).waitFor();
  });
  await checkInnocence(restarted, 'streams');
  await restarted.close();
}
