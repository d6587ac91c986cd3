import { pick, tryParseJSONC, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import {
  headers,
  headersText,
  onHeadersChange,
  setHeadersText,
  takeTokenFromAddress,
  tokenIn,
  tokenState,
} from './headers';

/** Ties GraphiQL's headers editor to the one text that all tabs share, and reads the schema again with a new token. */
export function SharedHeaders() {
  const { introspect } = useGraphiQLActions();
  const { headerEditor, responseEditor } = useGraphiQL(pick('headerEditor', 'responseEditor'));
  const token = useSyncExternalStore(onHeadersChange, () => tokenIn(headers()));
  const state = useSyncExternalStore(onHeadersChange, tokenState);

  useEffect(() => {
    const model = headerEditor?.getModel();
    if (!model) return;
    const show = () => {
      if (model.getValue() !== headersText()) model.setValue(headersText());
    };
    show();
    const edited = model.onDidChangeContent(({ isFlush }) => {
      // People edit; GraphiQL replaces the whole text, when a tab or an entry of the history with other headers is
      // chosen. Its own only stay when they mean the same (the prettify button).
      if (!isFlush || sameMeaning(model.getValue(), headersText())) setHeadersText(model.getValue());
      else queueMicrotask(show);
    });
    const changed = onHeadersChange(show);
    return () => {
      edited.dispose();
      changed();
    };
  }, [headerEditor]);

  useEffect(() => {
    window.addEventListener('hashchange', takeTokenFromAddress);
    return () => window.removeEventListener('hashchange', takeTokenFromAddress);
  }, []);

  // GraphiQL reads the schema once by itself, when the page opens.
  const schemaToken = useRef(token);
  useEffect(() => {
    if (!token || token === schemaToken.current) return;
    const typed = setTimeout(() => {
      schemaToken.current = token;
      void introspect();
    }, 400);
    return () => clearTimeout(typed);
  }, [token, introspect]);

  // The complaint about the last token must not outlive it.
  const before = useRef(state);
  useEffect(() => {
    if (before.current !== 'present' && state === 'present') responseEditor?.setValue('');
    before.current = state;
  }, [state, responseEditor]);

  return null;
}

function sameMeaning(a: string, b: string): boolean {
  try {
    return JSON.stringify(tryParseJSONC(a)) === JSON.stringify(tryParseJSONC(b));
  } catch {
    return false;
  }
}
