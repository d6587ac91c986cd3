import { GraphiQL } from 'graphiql';
import { useSyncExternalStore } from 'react';
import { Editors } from './Editors';
import { EXAMPLES } from './examples';
import { fetcher } from './fetcher';
import { FollowSystemTheme } from './FollowSystemTheme';
import { onHeadersChange, tokenState } from './headers';
import { SharedHeaders } from './SharedHeaders';
import { storage } from './storage';
import { TokenNote } from './TokenNote';

// Who comes without a token sees where it goes; who has one need not see it on the screen.
const FIRST_TOOL = tokenState() === 'missing' ? 'headers' : 'variables';

export function App() {
  const state = useSyncExternalStore(onHeadersChange, tokenState);
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={EXAMPLES}
      defaultEditorToolsVisibility={FIRST_TOOL}
      shouldPersistHeaders
      schemaDescription
    >
      <GraphiQL.Logo>
        Audit<em>graph</em>
      </GraphiQL.Logo>
      {state !== 'present' && (
        <GraphiQL.Footer>
          <TokenNote state={state} />
        </GraphiQL.Footer>
      )}
      <SharedHeaders />
      <Editors />
      <FollowSystemTheme />
    </GraphiQL>
  );
}
