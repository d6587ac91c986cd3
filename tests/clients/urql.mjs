// The npm package `@urql/core`: queries over HTTP, streams over HTTP in whichever way it negotiates, and over
// WebSocket.
import { createClient, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSocket } from 'graphql-ws';
import { WebSocket } from 'ws';
import { checkQueries, checkResume } from './operations.mjs';
import { bearer, finish, text, url, ws } from './shared.mjs';

// What ends a stream is an abort, and urql does not look at the reading that this ends, too.
process.on('unhandledRejection', (error) => {
  if (error?.name !== 'AbortError') throw error;
});

const http = { url, fetchOptions: { headers: bearer } };

const told = ({ data, error }) => {
  if (error?.networkError) throw error.networkError;
  return { data, errors: error?.graphQLErrors.map(({ message, path, extensions }) => ({ message, path, extensions })) };
};

for (const preferGetMethod of [false, 'force']) {
  const client = createClient({ ...http, preferGetMethod, exchanges: [fetchExchange] });
  const name = `@urql/core (${preferGetMethod ? 'GET' : 'POST'})`;
  await checkQueries(name, async (query, variables) =>
    told(await client.query(query, variables, { requestPolicy: 'network-only' }).toPromise()),
  );
}

/** Follows with a client until it has enough; rejects when the stream breaks. */
const follow = (client, last, take) =>
  new Promise((resolve, reject) => {
    const stream = client.subscription(text('follow'), { after: last() }).subscribe(({ data, error, hasNext }) => {
      // An urql stream that breaks says so with its last result, which has the error.
      if (error) reject(error);
      else if (data && take(data)) resolve();
      else if (hasNext === false) reject(new Error('the stream ended'));
      else return;
      // The first result may come before there is something to unsubscribe from.
      queueMicrotask(() => stream.unsubscribe());
    });
  });

await checkResume('@urql/core (HTTP)', url, (at, last, take) =>
  follow(
    createClient({
      ...http,
      url: at(url),
      exchanges: [fetchExchange],
      fetchSubscriptions: true,
      preferGetMethod: false,
    }),
    last,
    take,
  ),
);
await checkResume('@urql/core (WebSocket)', ws, async (at, last, take) => {
  const socket = createSocket({ url: at(ws), webSocketImpl: WebSocket, connectionParams: bearer, retryAttempts: 0 });
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
  });
  const exchanges = [subscriptionExchange({ forwardSubscription })];
  try {
    await follow(createClient({ ...http, exchanges, preferGetMethod: false }), last, take);
  } finally {
    await socket.dispose();
  }
});
finish();
