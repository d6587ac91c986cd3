/** Subscriptions, over one WebSocket for each token. */
import type { Observable } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { CloseCode, createClient, type Client, type SubscribePayload } from 'graphql-ws';
import { noteAnswer, tokenIn } from './headers';
import { cursorIn, resumedAt } from './resume';
import { BROKEN, ENDINGS, REFUSED } from './texts';

/** How a connection ends that may well come back: the server restarts, the network fails, the database is away. */
const BREAKS = [1001, 1005, 1006, 1012, 1013];

/** How long to wait before each attempt to go on, in milliseconds. */
const PAUSES = [500, 1000, 2000, 4000, 8000, 15_000];

let open: { client: Client; payload: string } | undefined;

/**
 * Follows a subscription until it is stopped, the server ends it, or the connection breaks. After a break it goes on
 * behind the last event that was seen, if that one's cursor is known: to begin again at the present would skip what
 * happened meanwhile, without telling anybody.
 */
export function stream(
  path: string,
  params: SubscribePayload,
  headers: Record<string, unknown>,
  token: string,
): Observable<ExecutionResult> {
  const subscribe = (sink: Sink) => {
    let stop = () => {};
    let last: ExecutionResult = {};
    let attempts = 0;
    const follow = (request: SubscribePayload) => {
      stop = clientFor(path, headers).subscribe(request, {
        next: (value) => {
          last = value as ExecutionResult;
          attempts = 0;
          sink.next(last);
        },
        error: (error) => {
          const cursor = cursorIn(last);
          const { code } = error as Partial<CloseEvent>;
          const rest = cursor && BREAKS.includes(Number(code)) ? resumedAt(cursor, params) : undefined;
          const pause = PAUSES[attempts];
          if (!rest || pause === undefined) return sink.error(explain(error, token, cursor));
          attempts += 1;
          sink.next({ ...last, extensions: { stream: `The connection broke; going on after cursor ${cursor} …` } });
          const timer = setTimeout(() => follow(rest), pause);
          stop = () => clearTimeout(timer);
        },
        complete: () => sink.complete(),
      });
    };
    follow(params);
    return { unsubscribe: () => stop() };
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
    // It would ask again for what it asked first, not for what comes after the last event.
    retryAttempts: 0,
  });
  open = { client, payload };
  return client;
}

/** What GraphiQL shall show: errors of the operation as they are, the end of a connection in words. */
function explain(error: unknown, token: string, cursor: string | undefined): unknown {
  if (Array.isArray(error)) return error;
  const { code, reason } = error as Partial<CloseEvent>;
  const server = reason ? { server: reason } : {};
  if (code === CloseCode.Unauthorized || code === CloseCode.Forbidden) {
    noteAnswer(token, false);
    return { message: REFUSED, code, ...server };
  }
  if (code === undefined) return { message: `The stream broke: ${error instanceof Error ? error.message : String(error)}` };
  return { message: ENDINGS[code] ?? BROKEN, code, ...server, ...(cursor && { lastCursor: cursor }) };
}
