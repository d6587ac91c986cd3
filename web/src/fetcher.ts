/** How the page talks to the server: operations over HTTP, subscriptions over a WebSocket. */
import type { Fetcher } from '@graphiql/toolkit';
import { getOperationAST, type ExecutionResult } from 'graphql';
import { headers as currentHeaders, noteAnswer, tokenIn } from './headers';
import { REFUSED, MISSING } from './texts';
import { stream } from './stream';

const ENDPOINT = import.meta.env.BASE_URL.replace(/\/$/, '');

export const fetcher: Fetcher = (params, options) => {
  // GraphiQL asks for the schema before its headers editor exists, so ask the one place that knows.
  const headers = options?.headers ?? currentHeaders();
  const token = tokenIn(headers);
  const operation = options?.documentAST && getOperationAST(options.documentAST, params.operationName);
  if (!token) {
    // Without a token there is no schema either: say nothing here, the note below the response says it.
    if (!operation) return Promise.resolve('' as ExecutionResult);
    return Promise.reject(problem(MISSING));
  }
  if (operation?.operation === 'subscription') return stream(`${ENDPOINT}/ws`, params, headers, token);
  return post(params, headers, token);
};

async function post(params: object, headers: Record<string, unknown>, token: string): Promise<ExecutionResult> {
  let response: Response;
  try {
    response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json, application/json;q=0.9',
        'content-type': 'application/json',
        ...(headers as Record<string, string>),
      },
      body: JSON.stringify(params),
    });
  } catch (error) {
    throw problem(`The server does not answer: ${String(error)}. Is it still running?`);
  }
  const body = await response.text();
  const result = parse(body);
  if (response.status === 401 || result?.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) {
    noteAnswer(token, false);
    throw problem(REFUSED, result?.errors?.[0]?.message);
  }
  noteAnswer(token, true);
  if (!result) {
    throw problem(`The server answered ${response.status} ${response.statusText}, not GraphQL: ${body.slice(0, 500)}`);
  }
  return result;
}

function parse(body: string): ExecutionResult | undefined {
  try {
    const result: unknown = JSON.parse(body);
    return result && typeof result === 'object' ? result : undefined;
  } catch {
    return undefined;
  }
}

/** An object, not an Error: GraphiQL shows an Error together with its stack. */
function problem(message: string, server?: string) {
  return { message, ...(server && { server }) };
}
