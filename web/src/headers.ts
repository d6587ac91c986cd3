/**
 * The content of the headers editor, and in it the token. GraphiQL keeps one text for every tab; here there is one for
 * all, so that a token is entered once and a new token leaves no old one behind.
 */
import { tryParseJSONC } from '@graphiql/react';

type Headers = Record<string, unknown>;

const KEY = 'graphiql:headers';
const EMPTY = '{\n  "Authorization": "Bearer "\n}';

let text = localStorage.getItem(KEY) ?? EMPTY;
let refused: string | undefined;
const listeners = new Set<() => void>();

/** What the headers editor holds. */
export function headersText(): string {
  return text;
}

/** Takes over what the headers editor holds now. */
export function setHeadersText(value: string): void {
  if (value === text) return;
  text = value;
  changed();
}

/** The headers to send; none while the text is not (yet) JSON. */
export function headers(): Headers {
  try {
    return (tryParseJSONC(text) as Headers | undefined) ?? {};
  } catch {
    return {};
  }
}

/** The bearer token in the given headers, or an empty string. */
export function tokenIn(given: Headers): string {
  const [, value] = Object.entries(given).find(([name]) => isAuthorization(name)) ?? [];
  return /^Bearer\s+(\S+)\s*$/i.exec(String(value))?.[1] ?? '';
}

/** Puts a token into the headers and leaves the others as they are. */
export function setToken(token: string): void {
  const others = Object.entries(headers()).filter(([name]) => !isAuthorization(name));
  setHeadersText(JSON.stringify({ Authorization: `Bearer ${token}`, ...Object.fromEntries(others) }, null, 2));
  // GraphiQL stores only what was typed into its editor. Whoever switched "persist headers" off gets nothing stored.
  if (localStorage.getItem('graphiql:shouldPersistHeaders') !== 'false') localStorage.setItem(KEY, text);
}

/**
 * Takes a token handed over as `/graphql#token=ag_…` and removes it from the address bar. No browser sends that part
 * of an address to a server, so it stays out of every log.
 */
export function takeTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  if (token) setToken(token);
}

/** Whether there is a token, and whether the server would have none of it. */
export type TokenState = 'missing' | 'refused' | 'present';

export function tokenState(): TokenState {
  const token = tokenIn(headers());
  if (!token) return 'missing';
  return token === refused ? 'refused' : 'present';
}

/** Notes what the server thought of a token. */
export function noteAnswer(token: string, accepted: boolean): void {
  if (!accepted) refused = token;
  else if (token === refused) refused = undefined;
  else return;
  changed();
}

/** Calls back whenever the headers, or what is known about the token, change. */
export function onHeadersChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function changed(): void {
  for (const listener of listeners) listener();
}

function isAuthorization(name: string): boolean {
  return name.toLowerCase() === 'authorization';
}
