// graphql-transport-ws, message by message: how the server answers what is right, and with which code it closes after
// what is wrong. The wanted answers are those of the protocol, and of the npm `graphql-ws` server where that is silent.
//
// Starts a second server, which waits for connection_init for only a second, and whose tokens can be revoked.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bearer,
  check,
  expect,
  expectEqual,
  expectErrors,
  finish,
  newest,
  Socket,
  text,
  token,
  ws,
} from './shared.mjs';
import { auditgraph, start } from './server.mjs';

const VIEWER = text('viewer');
const FOLLOW = text('follow');

/** That the server closes with `code`, for a reason that fits into a frame. */
async function expectClose(socket, code) {
  const closed = await socket.closed();
  expectEqual(closed.code, code, `the close code (with "${closed.reason}")`);
  expect(Buffer.byteLength(closed.reason) <= 123, `the reason has ${closed.reason.length} characters`);
  return `${code} ${closed.reason}`;
}

/** A stream on `socket` that has brought its first event. */
async function streaming(socket, id) {
  socket.subscribe(id, FOLLOW, { after: String((await newest()) - 1) });
  const first = await socket.next();
  expectEqual([first.type, first.id], ['next', id], 'the first message of the stream');
  return first.payload.data.events.cursor;
}

/** The next message that is not a stream's `next`. */
async function answer(socket) {
  for (;;) {
    const message = await socket.next();
    if (message.type !== 'next' || !message.payload.data?.events) return message;
  }
}

// ---- opening

await check('the sub-protocol is graphql-transport-ws', async () => {
  const socket = await Socket.accepted();
  expectEqual(socket.raw.protocol, 'graphql-transport-ws', 'the sub-protocol');
  socket.close();
});
await check('it is found among others', async () => {
  const socket = await Socket.accepted({ protocols: ['graphql-ws', 'graphql-transport-ws'] });
  expectEqual(socket.raw.protocol, 'graphql-transport-ws', 'the sub-protocol');
  socket.close();
});
await check('no sub-protocol: 4406', async () => expectClose(await Socket.open({ protocols: [] }), 4406));
for (const other of ['graphql-ws', 'soap']) {
  await check(`the sub-protocol ${other}: 4406`, async () => {
    // Not told of it, the client library does not insist on its being chosen.
    const headers = { 'Sec-WebSocket-Protocol': other };
    return expectClose(await Socket.open({ protocols: [], headers }), 4406);
  });
}
await check('a foreign Origin: refused with 403', async () => {
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null']) {
    const refused = await Socket.open({ origin }).then(
      (socket) => socket.close(),
      (error) => error,
    );
    expectEqual(refused?.status, 403, `the answer to Origin: ${origin}`);
  }
});
await check('the own Origin: let in', async () => {
  (await Socket.accepted({ origin: new URL(ws.replace(/^ws/, 'http')).origin })).close();
});

// ---- connection_init

await check('subscribe before connection_init: 4401', async () => {
  const socket = await Socket.open();
  socket.subscribe('1', VIEWER);
  return expectClose(socket, 4401);
});
for (const [what, payload] of [
  ['no payload', undefined],
  ['no token in the payload', {}],
  ['a wrong token', { Authorization: 'Bearer ag_wrong' }],
  ['a token without its scheme', { Authorization: token }],
  ['a number for a token', { Authorization: 7 }],
]) {
  await check(`${what}: 4403`, async () => {
    const socket = await Socket.open();
    socket.send({ type: 'connection_init', payload });
    return expectClose(socket, 4403);
  });
}
await check('a second connection_init: 4429', async () => {
  const socket = await Socket.accepted();
  socket.send({ type: 'connection_init', payload: bearer });
  return expectClose(socket, 4429);
});

// ---- ping and pong

for (const [what, open] of [
  ['before connection_init', () => Socket.open()],
  ['after it', () => Socket.accepted()],
]) {
  await check(`ping ${what}: pong`, async () => {
    const socket = await open();
    for (const payload of [{ here: ['and', { there: 1 }] }, undefined]) {
      socket.send({ type: 'ping', payload });
      expectEqual(await socket.next(), { type: 'pong', payload }, 'the answer');
    }
    socket.send({ type: 'pong' });
    socket.send({ type: 'ping' });
    expectEqual((await socket.next()).type, 'pong', 'the answer after a pong of ours');
    socket.close();
  });
}

// ---- operations

await check('a query: next, then complete', async () => {
  const socket = await Socket.accepted();
  socket.subscribe('q', VIEWER);
  const next = await socket.next();
  expectEqual([next.type, next.id, next.payload.errors], ['next', 'q', undefined], 'the first message');
  expect(next.payload.data.viewer.name, 'there is no viewer');
  const complete = await socket.next();
  expectEqual([complete.type, complete.id], ['complete', 'q'], 'the second message');
  socket.close();
});
for (const [what, query] of [
  ['an unknown field', text('unknown_field')],
  ['a syntax error', '{ viewer { name }'],
  ['no operation', 'fragment F on Viewer { name }'],
]) {
  await check(`${what}: error, and the id is free again`, async () => {
    const socket = await Socket.accepted();
    socket.subscribe('e', query);
    const error = await socket.next();
    expectEqual([error.type, error.id], ['error', 'e'], `the answer (${JSON.stringify(error)})`);
    expectErrors(error.payload, 'BAD_USER_INPUT');
    socket.subscribe('e', VIEWER);
    expectEqual((await socket.next()).type, 'next', 'the answer to the next query');
    socket.close();
    return error.payload[0].message;
  });
}
await check('a wrong variable: error, or next with errors and complete', async () => {
  const socket = await Socket.accepted();
  socket.subscribe('v', 'query ($first: Int!) { events(first: $first) { nodes { id } } }', { first: 'many' });
  const { type, payload } = await socket.next();
  expectErrors(type === 'error' ? payload : payload.errors, 'BAD_USER_INPUT');
  if (type === 'next') expectEqual((await socket.next()).type, 'complete', 'the second message');
  socket.close();
  return type;
});
await check('an error of a resolver: next with data and errors, then complete', async () => {
  const socket = await Socket.accepted();
  socket.subscribe('r', text('wrong_cursor'));
  const next = await socket.next();
  expectEqual(next.type, 'next', 'the first message');
  expectErrors(next.payload.errors, 'BAD_USER_INPUT');
  expectEqual((await socket.next()).type, 'complete', 'the second message');
  socket.close();
});
await check('complete ends a stream silently, and the id is free again', async () => {
  const socket = await Socket.accepted();
  await streaming(socket, 's');
  socket.send({ type: 'complete', id: 's' });
  // The answer to a ping comes after all that the stream might still send, but for what is on its way.
  socket.send({ type: 'ping' });
  expectEqual((await answer(socket)).type, 'pong', 'what follows');
  socket.subscribe('s', VIEWER);
  const next = await answer(socket);
  expect(next.id === 's' && next.payload?.data?.viewer, `the id is not free: ${JSON.stringify(next)}`);
  socket.close();
});
await check('complete for an id that nobody knows is nothing', async () => {
  const socket = await Socket.accepted();
  socket.send({ type: 'complete', id: 'unknown' });
  socket.subscribe('q', VIEWER);
  expectEqual((await socket.next()).type, 'next', 'the answer to the next query');
  socket.close();
});
await check('two streams and a query share a socket', async () => {
  const socket = await Socket.accepted();
  const after = String((await newest()) - 1);
  socket.subscribe('a', FOLLOW, { after });
  socket.subscribe('b', FOLLOW, { after });
  socket.subscribe('q', VIEWER);
  const missing = new Set(['next a', 'next b', 'next q', 'complete q']);
  while (missing.size) {
    const { type, id } = await socket.next();
    missing.delete(`${type} ${id}`);
  }
  socket.close();
});
await check('an id in use: 4409', async () => {
  const socket = await Socket.accepted();
  await streaming(socket, 'twice');
  socket.subscribe('twice', VIEWER);
  return expectClose(socket, 4409);
});

// ---- messages that are none

const subscribe = { id: 'x', type: 'subscribe', payload: { query: VIEWER } };
for (const [what, message] of [
  ['bad JSON', '{"type": "ping"'],
  ['JSON that is no object', '"ping"'],
  ['an array', '[{"type": "ping"}]'],
  ['no type', {}],
  ['an unknown type', { type: 'start', id: 'x', payload: { query: VIEWER } }],
  ['an unknown type with a long name', { type: 'x'.repeat(10_000) }],
  ['a type that only the server sends', { type: 'connection_ack' }],
  ['subscribe without id', { ...subscribe, id: undefined }],
  ['subscribe with an empty id', { ...subscribe, id: '' }],
  ['subscribe with a number for an id', { ...subscribe, id: 7 }],
  ['subscribe without payload', { ...subscribe, payload: undefined }],
  ['subscribe without query', { ...subscribe, payload: { variables: {} } }],
  ['subscribe with a list of variables', { ...subscribe, payload: { query: VIEWER, variables: [] } }],
  ['complete without id', { type: 'complete' }],
  ['ping with text for a payload', { type: 'ping', payload: 'text' }],
  ['a binary message', Buffer.from(JSON.stringify(subscribe))],
]) {
  await check(`${what}: 4400`, async () => {
    const socket = await Socket.accepted();
    if (Buffer.isBuffer(message)) socket.raw.send(message, { binary: true });
    else socket.send(message);
    return expectClose(socket, 4400);
  });
}
await check('bad JSON before connection_init: 4400', async () => {
  const socket = await Socket.open();
  socket.send('nonsense');
  return expectClose(socket, 4400);
});

// ---- silence, and a token that is revoked

const folder = mkdtempSync(join(tmpdir(), 'auditgraph-'));
const database = ['--database-url', `sqlite://${join(folder, 'log.db')}?mode=rwc`];
const impatient = await start({
  args: ['serve', ...database],
  env: { AUDITGRAPH__LIMITS__CONNECTION_INIT_SECONDS: '1' },
}).catch((error) => ({ ws: undefined, stop() {}, error }));
await check('no connection_init in time: 4408', async () => {
  expect(impatient.ws, impatient.error?.message);
  const opened = Date.now();
  const closed = await expectClose(await Socket.open({ to: impatient.ws }), 4408);
  const waited = Date.now() - opened;
  expect(waited > 900, `it waited for ${waited} ms only`);
  return closed;
});
await check('the token is revoked: 4403', async () => {
  expect(impatient.ws, impatient.error?.message);
  const created = await auditgraph([
    'token',
    'create',
    '--role',
    'administrator',
    '--name',
    'short-lived',
    ...database,
  ]);
  const socket = await Socket.open({ to: impatient.ws });
  socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${created.trim().split(/\s+/).at(-1)}` } });
  expectEqual((await socket.next()).type, 'connection_ack', 'the first message');
  socket.subscribe('s', FOLLOW);
  await auditgraph(['token', 'revoke', 'short-lived', ...database]);
  return expectClose(socket, 4403);
});
await impatient.stop();
rmSync(folder, { recursive: true });
finish();
