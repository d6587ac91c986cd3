// The packages `standardwebhooks` of npm and PyPI: both verify what the server sends, and refuse what was tampered with.
//
// The server must be allowed to send to 127.0.0.1 (AUDITGRAPH__WEBHOOKS__ALLOW), as in `tests/run`. AUDITGRAPH_PYTHON is
// the Python that has the packages of requirements.txt.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { python } from './server.mjs';
import { ask, check, expect, expectEqual, finish, newest, within } from './shared.mjs';

/** Events that are there already and are sent at once. */
const MANY = 60;

// ---- a target, which does not take everything at once

const received = [];
const refused = new Set();
let arrived = () => {};
const sink = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const id = request.headers['webhook-id'];
    // Two of them have to come again.
    const taken = refused.size >= 2 || received.length % 10 !== 5 || refused.has(id);
    if (!taken) refused.add(id);
    received.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8'), taken });
    response.writeHead(taken ? 204 : 503).end();
    arrived();
  });
});
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${sink.address().port}/hook`;

/** Waits until `enough()`. */
const until = (enough, what) =>
  within(
    new Promise((resolve) => {
      arrived = () => enough() && resolve();
      arrived();
    }),
    what,
    60_000,
  );

// ---- the two packages

function npm(secret, { headers, body }) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

/** What the package of PyPI says to each of these. */
function pypi(cases) {
  const child = spawn(python, [fileURLToPath(new URL('webhooks_verify.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answer = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part) => (text += part));
    child.on('close', (status) => (status === 0 ? resolve(JSON.parse(text)) : reject(new Error(`Python ended with ${status}`))));
  });
  child.stdin.end(JSON.stringify(cases.map(([secret, { headers, body }]) => ({ secret, headers, body }))));
  return within(answer, 'answer of standardwebhooks', 40_000);
}

/** That both packages say the same to each of these. */
async function both(cases, wanted) {
  const ours = cases.map(([secret, message]) => npm(secret, message));
  expectEqual(ours, cases.map(() => wanted), 'what npm says');
  expectEqual(await pypi(cases), ours, 'what PyPI says');
}

// ---- the checks

let endpoint;
let secret;

await check('webhooks: every event arrives in order, and both packages verify it', async () => {
  const input = { name: 'standardwebhooks', url, after: String((await newest()) - MANY) };
  const { createWebhookEndpoint: made } = await ask(
    'mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { secret webhookEndpoint { id } } }',
    { input },
  );
  ({ secret } = made);
  endpoint = made.webhookEndpoint.id;
  const taken = (list) => list.filter((one) => one.taken);
  await until(() => taken(received).length >= MANY, 'webhooks');
  const all = received.slice();
  await both(all.map((one) => [secret, one]), true);
  const positions = taken(all).map(({ body }) => Number(JSON.parse(body).position));
  const sorted = [...new Set(positions)].sort((one, other) => one - other);
  expectEqual(positions, sorted, 'the order of positions');
  expectEqual(refused.size, 2, 'the number of those that came again');
  return `${all.length} requests for ${positions.length} events`;
});

await check('webhooks: both packages refuse what was tampered with', async () => {
  const [one] = received;
  const changed = (headers, body = one.body) => ({ headers: { ...one.headers, ...headers }, body });
  const time = Number(one.headers['webhook-timestamp']);
  await both(
    [
      [secret, changed({}, `${one.body} `)],
      [secret, changed({ 'webhook-id': 'msg_other' })],
      [secret, changed({ 'webhook-timestamp': String(time + 1) })],
      [secret, changed({ 'webhook-signature': one.headers['webhook-signature'].replace('v1,', 'v1,A') })],
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', one],
    ],
    false,
  );
});

await check('webhooks: while one secret replaces the other, both verify', async () => {
  const { rotateWebhookSecret: rotated } = await ask(
    'mutation ($id: ID!) { rotateWebhookSecret(input: { id: $id, overlapHours: 1 }) { secret } }',
    { id: endpoint },
  );
  expect(rotated.secret !== secret, 'the secret is the same');
  const before = received.length;
  const { testWebhookEndpoint: tested } = await ask(
    'mutation ($id: ID!) { testWebhookEndpoint(input: { id: $id }) { delivery { state messageId } } }',
    { id: endpoint },
  );
  expectEqual(tested.delivery.state, 'DELIVERED', 'the state of the test');
  const test = received.slice(before).find(({ headers }) => headers['webhook-id'] === tested.delivery.messageId);
  expect(test, 'the test did not arrive');
  await both([[rotated.secret, test], [secret, test]], true);
});

await ask('mutation ($id: ID!) { deleteWebhookEndpoint(input: { id: $id }) { deletedId } }', { id: endpoint });
sink.closeAllConnections();
sink.close();
finish();
