/** How the page talks to the server: operations over HTTP, subscriptions over a WebSocket. */
import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import { Kind, parse as parseDocument, type ExecutionResult, type OperationDefinitionNode } from 'graphql';
import { headers as currentHeaders, noteAnswer, tokenIn } from './headers';
import { REFUSED, MISSING } from './texts';
import { stream } from './stream';

const ENDPOINT = import.meta.env.BASE_URL.replace(/\/$/, '');

export const fetcher: Fetcher = (params, options) => {
  // GraphiQL asks for the schema before its headers editor exists, so ask the one place that knows.
  const headers = options?.headers ?? currentHeaders();
  const token = tokenIn(headers);
  if (!token) {
    // Without a token there is no schema either: say nothing here, the note beside it says it.
    if (params.operationName === 'IntrospectionQuery') return Promise.resolve('' as ExecutionResult);
    return Promise.reject(problem(MISSING));
  }
  const operation = chosenOperation(params);
  const request = operation ? { ...params, operationName: operation.name?.value } : params;
  if (operation?.operation === 'subscription') return stream(`${ENDPOINT}/ws`, request, headers, token);
  return post(request, headers, token);
};

/** The operation to run. GraphiQL still names one of the tab before when play is pressed right after choosing a tab. */
function chosenOperation({ query, operationName }: FetcherParams): OperationDefinitionNode | undefined {
  try {
    const operations = parseDocument(query).definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
    return operations.find(({ name }) => name?.value === operationName) ?? operations[0];
  } catch {
    // Not GraphQL: the server says what is wrong with it.
    return undefined;
  }
}

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
  // A server that is busy, or in trouble, has not looked at the token.
  if (response.status !== 429 && response.status < 500) noteAnswer(token, true);
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
