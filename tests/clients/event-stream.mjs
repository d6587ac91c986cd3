// The "distinct connections mode" of GraphQL over Server-Sent Events, event by event: framing, order, errors. The
// wanted answers are those of the protocol's text; its reference is the npm `graphql-sse` handler.
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
  url,
  within,
} from './shared.mjs';

const ACCEPT = { accept: 'text/event-stream' };
const VIEWER = text('viewer');
const FOLLOW = text('follow');

/** Cuts an event stream into `{event, data}` and `{comment}`; every line must be one that the protocol knows. */
async function* blocks(parts) {
  let rest = '';
  for await (const part of parts) {
    rest += part;
    for (let end; (end = rest.search(/\r?\n\r?\n/)) >= 0; ) {
      const lines = rest.slice(0, end).split(/\r?\n/);
      rest = rest.slice(end).replace(/^\r?\n\r?\n/, '');
      const block = {};
      for (const line of lines) {
        const [, field, value] = /^([^:]*)(?::\x20?(.*))?$/s.exec(line);
        if (field === '') block.comment = value ?? '';
        else if (field === 'data') block.data = block.data === undefined ? value : `${block.data}\n${value}`;
        else if (field === 'event') block.event = value;
        else throw new Error(`a line of an unknown kind: ${line}`);
      }
      yield block;
    }
  }
  expectEqual(rest, '', 'what follows the last event');
}

/** Opens a stream; resolves to `{headers, next(), comment(), close()}`. */
async function open(options) {
  const { status, headers, parts, close } = await begin({ headers: ACCEPT, ...options });
  expectEqual(status, 200, 'the status');
  expect(/^text\/event-stream(;|$)/.test(headers['content-type']), `the content type is ${headers['content-type']}`);
  const all = blocks(parts);
  /** The next block that `wanted` chooses; undefined at the end. */
  const find = async (wanted) => {
    for (;;) {
      const { value, done } = await all.next();
      if (done) return undefined;
      if (wanted(value)) return value;
    }
  };
  return {
    headers,
    close,
    /** The next event, its data read as JSON; undefined at the end. */
    next: async () => {
      const block = await within(
        find(({ event }) => event !== undefined),
        'event',
      );
      return block && { ...block, data: block.data ? JSON.parse(block.data) : block.data };
    },
    /** The next comment. */
    comment: () =>
      within(
        find(({ comment }) => comment !== undefined),
        'comment',
        60_000,
      ),
  };
}

/** That one `next` comes, then `complete`, then the end; what `next` brought. */
async function only(stream) {
  const next = await stream.next();
  expectEqual(next?.event, 'next', 'the first event');
  const complete = await stream.next();
  expectEqual(complete?.event, 'complete', 'the second event');
  // Without this field browsers would not tell of the event.
  expect(complete.data !== undefined, 'complete has no data field');
  expectEqual(await stream.next(), undefined, 'what follows complete');
  return next.data;
}

const query = (query, variables) => ({ body: { query, variables } });
const get = (parameters) => ({ method: 'GET', to: `${url}?${new URLSearchParams(parameters)}` });

// Nothing happens on this stream, so that only comments keep it alive; looked at in the end, to have the time till
// then.
const idle = open(query('subscription { events(filter: { text: "nothing has this text" }) { cursor } }'));
idle.catch(() => {});

await check('a query: next, complete, the end', async () => {
  const { data, errors } = await only(await open(query(VIEWER)));
  expect(data.viewer.name && !errors, 'there is no viewer');
});
await check('the same with GET', async () => {
  const { data } = await only(await open(get({ query: VIEWER })));
  expect(data.viewer.name, 'there is no viewer');
});
for (const [what, request] of [
  ['POST', (after) => query(FOLLOW, { after })],
  ['GET', (after) => get({ query: FOLLOW, variables: JSON.stringify({ after }) })],
]) {
  await check(`a stream with ${what}: replays, then goes on`, async () => {
    const after = (await newest()) - 50;
    const stream = await open(request(String(after)));
    expect(/no-cache|no-store/.test(stream.headers['cache-control']), 'it may be cached');
    const cursors = [];
    // The 52nd has happened only now.
    while (cursors.length < 52) {
      const { event, data } = await stream.next();
      expectEqual([event, data.errors], ['next', undefined], 'an event');
      cursors.push(data.data.events.cursor);
    }
    stream.close();
    expectDense(cursors, after);
  });
}
await check('variables and operationName are heeded', async () => {
  const document = `${VIEWER}\nquery Two($first: Int!) { events(first: $first) { nodes { id } } }`;
  const { data } = await only(await open({ body: { query: document, operationName: 'Two', variables: { first: 2 } } }));
  expectEqual(data.events.nodes.length, 2, 'the number of events');
});

await check('an unknown field: next with errors, complete', async () => {
  const { data, errors } = await only(await open(query(text('unknown_field'))));
  expectEqual(data, undefined, 'the data');
  expectErrors(errors, 'BAD_USER_INPUT');
});
await check('the same in a subscription', async () => {
  const { errors } = await only(await open(query('subscription { events { shoeSize } }')));
  expectErrors(errors, 'BAD_USER_INPUT');
});
await check('an error of a resolver: next with data and errors, complete', async () => {
  const { data, errors } = await only(await open(query(text('wrong_cursor'))));
  expect(data !== undefined, 'there is no data');
  expectErrors(errors, 'BAD_USER_INPUT');
});
await check('a wrong start of a stream: next with errors, complete', async () => {
  const { errors } = await only(await open(query(FOLLOW, { after: 'yesterday' })));
  expectErrors(errors, 'BAD_USER_INPUT');
});
await check('a syntax error: its errors, as an event or with status 400', async () => {
  const { status, text, json } = await send({ headers: ACCEPT, body: { query: '{ viewer { name }' } });
  expect(status === 200 || status === 400, `the status is ${status}`);
  const data = status === 400 ? json : JSON.parse(/^data: ?(.*)$/m.exec(text)?.[1] ?? 'null');
  expectErrors(data?.errors, 'BAD_USER_INPUT');
  return `status ${status}`;
});

for (const [what, status, options] of [
  ['no token', 401, { authorization: null, ...query(VIEWER) }],
  ['a wrong token', 401, { authorization: 'Bearer ag_wrong', ...query(FOLLOW) }],
  ['no query', 400, { body: {} }],
  ['bad JSON', 400, { headers: { ...ACCEPT, 'content-type': 'application/json' }, body: '{"query"' }],
  [
    'a form',
    415,
    { headers: { ...ACCEPT, 'content-type': 'application/x-www-form-urlencoded' }, body: 'query={viewer{name}}' },
  ],
  ['a mutation with GET', 405, get({ query: 'mutation { nothing }' })],
]) {
  await check(`${what}: ${status}, not a stream`, async () => {
    const answer = await send({ headers: ACCEPT, ...options });
    expectEqual(answer.status, status, `the status (of ${answer.text.slice(0, 200)})`);
    expect(!answer.headers['content-type']?.includes('event-stream'), 'it is a stream');
  });
}

await check('a comment keeps an idle stream alive', async () => {
  const stream = await idle;
  await stream.comment();
  stream.close();
});
finish();
