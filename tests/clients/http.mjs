// The rules of /graphql that the audit does not look at: media types, request ids, sizes, batches, who may ask, how
// much.
//
// Starts a second server, which lets nobody ask much.
import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { check, expect, expectEqual, expectErrors, finish, send, text, token, url } from './shared.mjs';
import { start } from './server.mjs';

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';
const viewer = { query: text('viewer') };
const wrong = { query: text('unknown_field') };

const typeOf = ({ headers }) => headers['content-type']?.split(';')[0];

// ---- media types

for (const [accept, type] of [
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  [JSON_TYPE, JSON_TYPE],
  [GRAPHQL_TYPE, GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE}, ${JSON_TYPE};q=0.9`, GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE};q=0.1, ${JSON_TYPE}`, JSON_TYPE],
  // Apollo Client and urql.
  [`${GRAPHQL_TYPE},${JSON_TYPE};q=0.9`, GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE}, application/graphql+json, ${JSON_TYPE}, text/event-stream, multipart/mixed`, GRAPHQL_TYPE],
]) {
  await check(`Accept: ${accept ?? '(none)'}`, async () => {
    const answer = await send({ headers: accept ? { accept } : {}, body: viewer });
    expectEqual([answer.status, typeOf(answer)], [200, type], 'the answer');
    return type;
  });
}
await check('Accept: image/png: 406', async () => {
  const { status } = await send({ headers: { accept: 'image/png' }, body: viewer });
  expectEqual(status, 406, 'the status');
});
for (const [type, wanted] of [
  [JSON_TYPE, 200],
  [GRAPHQL_TYPE, 400],
]) {
  await check(`a document that does not fit the schema, as ${type}: ${wanted}, no data`, async () => {
    const { status, json } = await send({ headers: { accept: type }, body: wrong });
    expectEqual(status, wanted, 'the status');
    expectErrors(json.errors, 'BAD_USER_INPUT');
    expect(wanted === 200 || !('data' in json), 'there is data');
  });
}
for (const type of [
  undefined,
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/graphql',
]) {
  await check(`Content-Type: ${type ?? '(none)'}: 415`, async () => {
    const { status, json } = await send({
      headers: type ? { 'content-type': type } : {},
      body: JSON.stringify(viewer),
    });
    expectEqual(status, 415, 'the status');
    expectErrors(json?.errors, 'BAD_USER_INPUT');
  });
}
await check('gzip, when asked for', async () => {
  const body = JSON.stringify({ query: '{ __schema { types { name description } } }' });
  const headers = { authorization: `Bearer ${token}`, 'content-type': JSON_TYPE, 'accept-encoding': 'gzip' };
  const parts = [];
  const response = await new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers }, resolve).on('error', reject).end(body);
  });
  for await (const part of response) parts.push(part);
  expectEqual(response.headers['content-encoding'], 'gzip', 'the encoding');
  expect(JSON.parse(gunzipSync(Buffer.concat(parts))).data, 'there is no data');
});

// ---- requests that are none

for (const [what, status, options] of [
  ['bad JSON', 400, { body: '{"query":' }],
  ['no query', 400, { body: {} }],
  ['a number for a query', 400, { body: { query: 7 } }],
  ['a list for variables', 400, { body: { ...viewer, variables: [] } }],
  ['a batch', 400, { body: [viewer, viewer] }],
  ['a batch of one', 400, { body: [viewer] }],
  ['text', 400, { body: JSON.stringify('{ viewer { name } }') }],
  ['a list of what a request has', 400, { body: [viewer.query, null, null, null, null] }],
  ['more than 256 KiB', 413, { body: { ...viewer, variables: { v: 'x'.repeat(257 * 1024) } } }],
]) {
  await check(`${what}: ${status}`, async () => {
    const headers = { 'content-type': JSON_TYPE, accept: GRAPHQL_TYPE };
    const answer = await send({ headers, ...options });
    expectEqual(answer.status, status, `the status (of ${answer.text.slice(0, 200)})`);
    expectErrors(answer.json?.errors);
    expect(!('data' in answer.json), 'there is data');
    const [{ message }] = answer.json.errors;
    expect(!/\bstruct\b/.test(message), `it speaks of the program's own types: ${message}`);
    return message;
  });
}
for (const [method, to] of [
  ['PUT', url],
  ['DELETE', url],
  ['GET', `${url}?query=${encodeURIComponent('mutation { nothing }')}`],
]) {
  await check(`${method}${method === 'GET' ? ' of a mutation' : ''}: 405, with Allow`, async () => {
    const { status, headers } = await send({ method, to });
    expectEqual(status, 405, 'the status');
    expect(/\bPOST\b/.test(headers.allow), `Allow is ${headers.allow}`);
    return headers.allow;
  });
}

// ---- who asks, and which request it was

for (const [what, authorization] of [
  ['no token', null],
  ['a wrong token', 'Bearer ag_wrong'],
  ['another scheme', `Basic ${token}`],
]) {
  await check(`${what}: 401, with WWW-Authenticate`, async () => {
    const { status, headers, json } = await send({ authorization, body: viewer });
    expectEqual(status, 401, 'the status');
    expect(/^Bearer\b/.test(headers['www-authenticate']), `WWW-Authenticate is ${headers['www-authenticate']}`);
    expectErrors(json.errors, 'UNAUTHENTICATED');
  });
}
await check('a request has an id: the one it came with, or a new one, in its errors, too', async () => {
  const own = await send({ headers: { 'x-request-id': 'my-own-id-1' }, body: wrong });
  expectEqual(
    [own.headers['x-request-id'], own.json.errors[0].extensions.requestId],
    ['my-own-id-1', 'my-own-id-1'],
    'the id',
  );
  const given = await Promise.all([send({ body: wrong }), send({ body: wrong })]);
  const [one, two] = given.map(({ headers }) => headers['x-request-id']);
  expect(one && two && one !== two, `two requests have the ids ${one} and ${two}`);
  expectEqual(given[0].json.errors[0].extensions.requestId, one, 'the id in the error');
});
await check('what is too complex says which limit it met', async () => {
  const { json } = await send({
    body: { query: `{ ${Array.from({ length: 2_000 }, (_, index) => `a${index}: __typename`).join(' ')} }` },
  });
  expectErrors(json.errors, 'QUERY_TOO_COMPLEX');
  const { limit, used, allowed } = json.errors[0].extensions;
  expect(
    typeof limit === 'string' && used > allowed,
    `the extensions are ${JSON.stringify(json.errors[0].extensions)}`,
  );
  return `${limit}: ${used} of ${allowed}`;
});
await check('an answer says what it cost', async () => {
  const { json } = await send({ body: viewer });
  const { requested, remaining } = json.extensions?.cost ?? {};
  expect(requested > 0 && remaining > 0, `the extensions are ${JSON.stringify(json.extensions)}`);
});
await check('who asks too much is told when to come again: 429', async () => {
  const strict = await start({
    args: ['demo', '--pause'],
    env: { AUDITGRAPH__LIMITS__COST: '100', AUDITGRAPH__LIMITS__COST_PER_MINUTE: '100' },
  });
  try {
    const body = { query: '{ events(first: 20) { nodes { id } } }' };
    let answer;
    for (let time = 0; time < 20 && answer?.status !== 429; time += 1) {
      answer = await send({ to: strict.url, authorization: `Bearer ${strict.token}`, body });
    }
    const { status, headers, json } = answer;
    expectEqual(status, 429, 'the last status');
    expectErrors(json.errors, 'RATE_LIMITED');
    expect(Number(headers['retry-after']) > 0, `Retry-After is ${headers['retry-after']}`);
    expect(json.errors[0].extensions.retryAfterMs > 0, `retryAfterMs is ${json.errors[0].extensions.retryAfterMs}`);
    return json.errors[0].message;
  } finally {
    await strict.stop();
  }
});
finish();
