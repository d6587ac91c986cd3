// The npm package `@apollo/client`: queries over HTTP and by their hashes, streams as multipart answers and over
// WebSocket.
import { createHash } from 'node:crypto';
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient as createSocket } from 'graphql-ws';
import { WebSocket } from 'ws';
import { checkQueries, checkResume } from './operations.mjs';
import { bearer, check, expect, expectEqual, finish, text, url, within, ws } from './shared.mjs';

// The link looks at it; Node.js has it from version 22 on.
globalThis.WebSocket ??= WebSocket;

const over = (link) =>
  new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'no-cache' } } });
const http = (options) => new HttpLink({ uri: url, headers: bearer, ...options });
const socket = (address) =>
  createSocket({ url: address, webSocketImpl: WebSocket, connectionParams: bearer, retryAttempts: 0 });

const run = (client) => async (query, variables) => {
  const { data, error } = await client.query({ query: gql(query), variables, errorPolicy: 'all' });
  if (error && !CombinedGraphQLErrors.is(error)) throw error;
  return { data, errors: error?.errors };
};

await checkQueries('@apollo/client (HTTP)', run(over(http())));

const sent = [];
const counting = async (address, init) => {
  const response = await fetch(address, init);
  const { errors } = await response.clone().json();
  sent.push({ method: init.method, text: init.body?.includes('"query"'), code: errors?.[0].extensions?.code });
  return response;
};
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
for (const useGETForHashedQueries of [false, true]) {
  const name = `@apollo/client (hashes with ${useGETForHashedQueries ? 'GET' : 'POST'})`;
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http({ fetch: counting }));
  await checkQueries(name, run(over(link)));
  await check(`${name}: the text is sent once`, async () => {
    // A text that no server has seen.
    const query = `query Q${Date.now()}${useGETForHashedQueries} { viewer { name } }`;
    sent.length = 0;
    for (let time = 0; time < 3; time += 1) {
      const { data, errors } = await run(over(link))(query);
      expect(data?.viewer && !errors, `the answer is ${JSON.stringify({ data, errors })}`);
    }
    expectEqual(
      sent.map(({ code, text }) => code ?? (text ? 'text' : 'hash')),
      ['PERSISTED_QUERY_NOT_FOUND', 'text', 'hash', 'hash'],
      'what was sent',
    );
    return sent.map(({ method }) => method).join(', ');
  });
}

/** Follows with a client until it has enough; rejects when the stream breaks. */
const follow = (client, last, take) =>
  new Promise((resolve, reject) => {
    const stream = client
      .subscribe({ query: gql(text('follow')), variables: { after: last() }, fetchPolicy: 'no-cache' })
      .subscribe({
        next({ data, error }) {
          if (error) reject(error);
          else if (take(data)) resolve();
          else return;
          queueMicrotask(() => stream.unsubscribe());
        },
        error: reject,
        complete: () => reject(new Error('the stream ended')),
      });
  });

await checkResume('@apollo/client (multipart)', url, (at, last, take) =>
  follow(over(http({ uri: at(url) })), last, take),
);
await checkResume('@apollo/client (WebSocket)', ws, async (at, last, take) => {
  const connection = socket(at(ws));
  try {
    await follow(over(new GraphQLWsLink(connection)), last, take);
  } finally {
    await connection.dispose();
  }
});
const connection = socket(ws);
for (const [name, link] of [
  ['multipart', http()],
  ['WebSocket', new GraphQLWsLink(connection)],
]) {
  await check(`@apollo/client (${name}): a stream that does not fit the schema is BAD_USER_INPUT`, async () => {
    const query = gql('subscription { events { shoeSize } }');
    const told = new Promise((resolve) => {
      over(link)
        .subscribe({ query, fetchPolicy: 'no-cache' })
        .subscribe({ next: ({ error }) => resolve(error), error: resolve });
    });
    const error = await within(told, 'error');
    expect(CombinedGraphQLErrors.is(error), `it tells of ${error}`);
    expectEqual(error.errors[0].extensions?.code, 'BAD_USER_INPUT', 'the code');
    return error.message;
  });
}
await checkQueries('@apollo/client (WebSocket)', run(over(new GraphQLWsLink(connection))));
await connection.dispose();
finish();
