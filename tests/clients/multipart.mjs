// Subscriptions as multipart/mixed answers, part by part: the "multipart HTTP protocol" that Apollo's clients speak.
import {
  begin,
  check,
  expect,
  expectDense,
  expectEqual,
  expectErrors,
  finish,
  newest,
  send,
  text,
  within,
} from './shared.mjs';

const ACCEPT = { accept: 'multipart/mixed;subscriptionSpec="1.0", application/json' };
const FOLLOW = text('follow');

/** Cuts a multipart body into the JSON of its parts, and insists on what RFC 2046 says of the lines between them. */
async function* parts(body, boundary) {
  let rest = '\r\n';
  let begun = false;
  const line = `\r\n--${boundary}`;
  for await (const part of body) {
    // The first delimiter may do without the line break before it.
    rest = rest === '\r\n' && part.startsWith('\r\n') ? part : rest + part;
    for (let end; (end = rest.indexOf(line)) >= 0 && rest.length >= end + line.length + 2; ) {
      const content = rest.slice(0, end);
      const after = rest.slice(end + line.length, end + line.length + 2);
      rest = rest.slice(end + line.length + (after === '--' ? 2 : 0));
      if (begun) yield read(content);
      else expectEqual(content, '', 'what precedes the first part');
      begun = true;
      if (after === '--') {
        expect(/^(\r\n)?$/.test(rest), `after the end comes ${rest}`);
        yield { end: true };
        return;
      }
      expectEqual(after, '\r\n', 'what follows a delimiter');
    }
  }
}

/** The JSON of a part. */
function read(part) {
  const [, head, body] = /^((?:\r\n[^\r\n]+)*)\r\n\r\n(.*)$/s.exec(part) ?? [];
  expect(body !== undefined, `a part has no head: ${JSON.stringify(part)}`);
  expect(/^\r\ncontent-type: *application\/json/im.test(head), `the head of a part is ${JSON.stringify(head)}`);
  return { json: JSON.parse(body) };
}

async function open(query, variables) {
  const { status, headers, parts: body, close } = await begin({ headers: ACCEPT, body: { query, variables } });
  const type = headers['content-type'] ?? '';
  expectEqual(status, 200, 'the status');
  expect(/^multipart\/mixed\b/.test(type), `the content type is ${type}`);
  expect(/subscriptionSpec="?1\.0"?/i.test(type), `the content type does not say which protocol: ${type}`);
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(type) ?? [];
  const all = parts(body, quoted ?? plain);
  return { next: async (patience) => (await within(all.next(), 'part', patience)).value, close };
}

const idle = open('subscription { events(filter: { text: "nothing has this text" }) { cursor } }');
idle.catch(() => {});

await check('a stream: parts with a payload each, replayed, then as they happen', async () => {
  const after = (await newest()) - 50;
  const stream = await open(FOLLOW, { after: String(after) });
  const cursors = [];
  // The 52nd has happened only now.
  while (cursors.length < 52) {
    const { json } = await stream.next();
    if (Object.keys(json).length === 0) continue;
    expectEqual(Object.keys(json), ['payload'], 'what a part has');
    expectEqual(json.payload.errors, undefined, 'the errors of a part');
    cursors.push(json.payload.data.events.cursor);
  }
  stream.close();
  expectDense(cursors, after);
});
await check('a wrong start of a stream: its errors, then the end', async () => {
  const stream = await open(FOLLOW, { after: 'yesterday' });
  let part = await stream.next();
  while (part.json && Object.keys(part.json).length === 0) part = await stream.next();
  expectErrors(part.json.payload?.errors ?? part.json.errors, 'BAD_USER_INPUT');
  for (part = await stream.next(); part && !part.end; part = await stream.next()) {
    expectEqual(part.json, {}, 'what follows');
  }
  expect(part?.end, 'the answer breaks off without its last delimiter');
});
await check('a query: plain JSON', async () => {
  const { status, headers, json } = await send({ headers: ACCEPT, body: { query: text('viewer') } });
  expectEqual(status, 200, 'the status');
  expect(headers['content-type'].startsWith('application/json'), `the content type is ${headers['content-type']}`);
  expect(json.data.viewer.name, 'there is no viewer');
});
await check('an unknown field: its errors, as plain JSON or as the only part', async () => {
  const { status, headers, json, text } = await send({
    headers: ACCEPT,
    body: { query: 'subscription { events { shoeSize } }' },
  });
  const plain = headers['content-type'].startsWith('application/json');
  expect(status === 200 || (plain && status === 400), `the status is ${status}`);
  const only = plain ? json : JSON.parse(/\r\n\r\n(\{.*\})\r\n--[^\r]*--/s.exec(text)?.[1] ?? 'null')?.payload;
  expectErrors(only?.errors, 'BAD_USER_INPUT');
  return headers['content-type'];
});
await check('no token: 401', async () => {
  const { status, json } = await send({ headers: ACCEPT, body: { query: FOLLOW }, authorization: null });
  expectEqual(status, 401, 'the status');
  expectErrors(json.errors, 'UNAUTHENTICATED');
});
await check('a heartbeat keeps an idle stream alive', async () => {
  const stream = await idle;
  expectEqual((await stream.next(60_000)).json, {}, 'the part');
  stream.close();
});
finish();
