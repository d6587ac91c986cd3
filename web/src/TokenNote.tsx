import { Button } from '@graphiql/react';
import { useState, type FormEvent } from 'react';
import { setToken, type TokenState } from './headers';
import { COMMAND } from './texts';

/** Says how to get a token, and takes one. Shown below the response while there is none that works. */
export function TokenNote({ state }: { state: Exclude<TokenState, 'present'> }) {
  const [token, edit] = useState('');
  const use = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) setToken(token.trim().replace(/^Bearer\s+/i, ''));
    edit('');
  };
  return (
    <form className="token-note" role="status" onSubmit={use}>
      <strong>{state === 'missing' ? 'No token yet' : 'The server does not accept this token'}</strong>
      <p>
        {state === 'missing'
          ? 'Queries need a token. Create one where the server runs:'
          : 'It may be mistyped, expired, revoked, or for another server. Create a new one where the server runs:'}
      </p>
      <pre tabIndex={0}>{COMMAND}</pre>
      <p>
        Enter it here, or in the <b>Headers</b> editor as <code>{'{"Authorization": "Bearer <token>"}'}</code>.
      </p>
      <div className="token-entry">
        <input
          type="password"
          aria-label="Token"
          placeholder="ag_…"
          autoComplete="off"
          value={token}
          onChange={(event) => edit(event.target.value)}
        />
        <Button type="submit">Use token</Button>
      </div>
    </form>
  );
}
