// 100 forced reconnects of a `graphql-ws` client while 5,000 events are appended: none lost, none repeated, in order.
//
// Starts a server of its own on a new PostgreSQL database (beside TEST_DATABASE_URL, dropped afterwards), because there
// `auditgraph import` may append beside a running server. The client's connection is cut after random numbers of bytes,
// in the middle of whatever is being sent: the upgrade, the acknowledgement, an event. AUDITGRAPH_SEED repeats a run.
import { execFileSync } from 'node:child_process';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ask, check, expect, expectEqual, finish, text, within } from './shared.mjs';
import { auditgraph, start, wire } from './server.mjs';

const EVENTS = 5_000;
/** Events in front of them: the token was made. */
const BEFORE = 1;
const CHUNK = 500;
const CUTS = 100;
/** So little that all cuts have come before all events have: an event takes more than 150 bytes. */
const MOST = 12_000;

const cluster = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const database = `auditgraph_clients_${process.pid}`;
const databaseUrl = new URL(cluster);
databaseUrl.pathname = `/${database}`;
const sql = (statement) =>
  execFileSync('psql', ['--no-psqlrc', '--no-password', '--quiet', '--command', statement, cluster], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

const seed = Number(process.env.AUDITGRAPH_SEED ?? Date.now() % 1_000_000);
/** Numbers from 0 to 1 that look random and follow from the seed (mulberry32). */
const random = (() => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
})();

/** The `number`th event as an organization's audit log has it. */
const record = (number) => ({
  id: `cut-${number}`,
  type: 'events',
  attributes: {
    time: new Date(Date.now() - (EVENTS - number) * 1000).toISOString(),
    action: 'user_added_to_group',
    actor: { id: `557058:${number % 40}`, name: `Person ${number % 40}` },
    context: [{ id: `g-${number % 7}`, type: 'group', attributes: { name: `Group ${number % 7}` } }],
  },
  message: { content: `Event number ${number}`, format: 'simple' },
});

/** Appends all events, some at a time. */
async function append() {
  for (let first = 0; first < EVENTS; first += CHUNK) {
    const input = Array.from({ length: CHUNK }, (_, index) => JSON.stringify(record(first + index))).join('\n');
    const printed = await auditgraph(
      ['import', '--as', 'organization', '--output', 'json', '--database-url', databaseUrl.href, '-'],
      { input },
    );
    expectEqual(JSON.parse(printed).new, CHUNK, 'the number of new events');
  }
}

/** Follows the log from its beginning over a wire that is cut, until all events have come. */
async function follow({ ws, token }, through) {
  const received = [];
  let connections = 0;
  const client = createClient({
    url: through.at(ws),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    shouldRetry: () => true,
    // In a row, without a connection in between.
    retryAttempts: 20,
    retryWait: async () => {},
    on: { connected: () => (connections += 1) },
  });
  // Written anew whenever the client subscribes again.
  const variables = {
    get after() {
      return received.at(-1)?.cursor ?? '0';
    },
  };
  for await (const { data, errors } of client.iterate({ query: text('follow'), variables })) {
    expect(!errors, `the stream brings ${JSON.stringify(errors)}`);
    received.push(data.events);
    if (Number(data.events.cursor) >= BEFORE + EVENTS) break;
  }
  await client.dispose();
  return { received, connections };
}

/** The whole log, page by page, in its order. */
async function log({ url, token }) {
  const query = `query Log($after: String) {
    events(first: 500, after: $after, orderBy: { field: RECORDED, direction: ASC }) {
      nodes { id position }
      pageInfo { hasNextPage endCursor }
    }
  }`;
  const all = [];
  for (let page = { hasNextPage: true }; page.hasNextPage; ) {
    const { events } = await ask(query, { after: page.endCursor }, { to: url, authorization: `Bearer ${token}` });
    all.push(...events.nodes);
    page = events.pageInfo;
  }
  return all;
}

await check(`graphql-ws: ${CUTS} reconnects during ${EVENTS} events (seed ${seed})`, async () => {
  sql(`CREATE DATABASE ${database}`);
  let server;
  let through;
  try {
    const created = [
      'token',
      'create',
      '--role',
      'administrator',
      '--name',
      'follower',
      '--database-url',
      databaseUrl.href,
    ];
    const token = (await auditgraph(created)).trim().split(/\s+/).at(-1);
    server = { ...(await start({ args: ['serve', '--database-url', databaseUrl.href], env: { AUDITGRAPH__SERVER__RECORD_VIEWS: 'false' } })), token };
    through = await wire(
      server.ws,
      Array.from({ length: CUTS }, () => 1 + Math.floor(random() * MOST)),
    );
    const following = within(follow(server, through), 'end of the stream', 120_000);
    const [{ received, connections }] = await Promise.all([following, append()]);
    const stored = await log(server);
    expectEqual(stored.length, BEFORE + EVENTS, 'the number of events in the log');
    expectEqual(through.cuts(), CUTS, 'the number of cuts');
    const nodes = received.map(({ node }) => node);
    const ids = new Set(nodes.map(({ id }) => id));
    const lost = stored.filter(({ id }) => !ids.has(id));
    expect(lost.length === 0, `lost ${lost.length}, the first at ${lost[0]?.position}`);
    expect(ids.size === nodes.length, `repeated ${nodes.length - ids.size}`);
    expectEqual(nodes, stored, 'what was received');
    return `0 lost, 0 repeated over ${connections} connections`;
  } finally {
    through?.close();
    await server?.stop();
    sql(`DROP DATABASE ${database} WITH (FORCE)`);
  }
});
finish();
