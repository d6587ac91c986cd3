/** What the page says about tokens. */

export const COMMAND = 'auditgraph token create --role administrator --name me';

export const MISSING = `There is no token yet. Create one with \`${COMMAND}\` and put it into the Headers editor: {"Authorization": "Bearer <token>"}`;

export const REFUSED = `The server does not accept this token: it may be mistyped, expired or revoked, or belong to another server. Create a new one with \`${COMMAND}\` and put it into the Headers editor: {"Authorization": "Bearer <token>"}`;
