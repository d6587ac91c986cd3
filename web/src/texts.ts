/** What the page says about tokens and the ends of streams. */

export const COMMAND = 'auditgraph token create --role administrator --name me';

export const MISSING = `There is no token yet. Create one with \`${COMMAND}\` and put it into the Headers editor: {"Authorization": "Bearer <token>"}`;

export const REFUSED = `The server does not accept this token: it may be mistyped, expired or revoked, or belong to another server. Create a new one with \`${COMMAND}\` and put it into the Headers editor: {"Authorization": "Bearer <token>"}`;

export const BROKEN =
  'The stream ended because the connection did. Press the play button to follow again; ' +
  'with `events(after: "<last cursor>")` you miss nothing.';

/** What the codes mean with which the server closes a connection, besides those for a token it does not accept. */
export const ENDINGS: Record<number, string> = {
  4400: 'The server did not understand a message of this page. Reload the page: it may be older than the server.',
  4406: 'The server does not speak the protocol graphql-transport-ws. Reload the page: it may be older than the server.',
  4408: 'The server waited too long for the token. Press the play button to try again.',
  4409: 'The server sends this stream already. Press the play button to try again.',
  4429: 'The server has too many connections or streams of yours, or too many requests. Close some, or try again later.',
  4500: 'Something went wrong inside the server. Press the play button to try again.',
};
