/** Subscriptions, over one WebSocket for each token. */
import type { Observable } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { CloseCode, createClient, type Client, type SubscribePayload } from 'graphql-ws';
import { noteAnswer, tokenIn } from './headers';
import { REFUSED } from './texts';

let open: { client: Client; payload: string } | undefined;

/** Follows a subscription until it is stopped, the server ends it, or the connection breaks. */
export function stream(
  path: string,
  params: object,
  headers: Record<string, unknown>,
  token: string,
): Observable<ExecutionResult> {
  const subscribe = (sink: Sink) => {
    const unsubscribe = clientFor(path, headers).subscribe(params as SubscribePayload, {
      next: (value) => sink.next(value as ExecutionResult),
      error: (error) => sink.error(explain(error, token)),
      complete: () => sink.complete(),
    });
    return { unsubscribe };
  };
  return { subscribe: subscribe as Observable<ExecutionResult>['subscribe'] };
}

interface Sink {
  next(value: ExecutionResult): void;
  error(error: unknown): void;
  complete(): void;
}

/** The client for these headers. Other headers are another connection: a socket keeps the token it began with. */
function clientFor(path: string, headers: Record<string, unknown>): Client {
  const connectionParams = { ...headers, Authorization: `Bearer ${tokenIn(headers)}` };
  const payload = JSON.stringify(connectionParams);
  if (open?.payload === payload) return open.client;
  void open?.client.dispose();
  const client = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}${path}`,
    connectionParams,
    // Notices a connection that broke without a word.
    keepAlive: 15_000,
    // Trying again by itself would skip what happened meanwhile, without telling anybody.
    retryAttempts: 0,
  });
  open = { client, payload };
  return client;
}

/** What GraphiQL shall show: errors of the operation as they are, the end of a connection in words. */
function explain(error: unknown, token: string): unknown {
  if (Array.isArray(error)) return error;
  const { code, reason } = error as Partial<CloseEvent>;
  if (code === CloseCode.Unauthorized || code === CloseCode.Forbidden) {
    noteAnswer(token, false);
    return { message: REFUSED, ...(reason && { server: reason }) };
  }
  if (code === undefined) return { message: `The stream broke: ${error instanceof Error ? error.message : String(error)}` };
  return {
    message:
      'The stream ended because the connection did. Press the play button to follow again; ' +
      'with `events(after: "<last cursor>")` you miss nothing.',
    code,
    ...(reason && { server: reason }),
  };
}
