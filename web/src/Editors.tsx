import { KeyCode, pick, useGraphiQL, type MonacoEditor } from '@graphiql/react';
import { useEffect } from 'react';

// Escape closes what is open first.
const NOTHING_OPEN = [
  'suggestWidgetVisible',
  'findWidgetVisible',
  'parameterHintsVisible',
  'editorHoverVisible',
  'editorHasMultipleSelections',
  'inSnippetMode',
]
  .map((context) => `!${context}`)
  .join(' && ');

/** What GraphiQL's editors lack: names, and a way out for who has only a keyboard, as they take the Tab key themselves. */
export function Editors() {
  const editors = useGraphiQL(pick('queryEditor', 'variableEditor', 'headerEditor', 'responseEditor'));
  const { queryEditor, variableEditor, headerEditor, responseEditor } = editors;
  useEffect(() => prepare(queryEditor, 'Query'), [queryEditor]);
  useEffect(() => prepare(variableEditor, 'Variables'), [variableEditor]);
  useEffect(() => prepare(headerEditor, 'Headers'), [headerEditor]);
  useEffect(() => {
    // A path to a picture in the response, which an event may hold, would be fetched as soon as the pointer rests on it.
    responseEditor?.updateOptions({ hover: { enabled: false } });
    return prepare(responseEditor, 'Response');
  }, [responseEditor]);
  return null;
}

function prepare(editor: MonacoEditor | undefined, name: string) {
  if (!editor) return;
  editor.updateOptions({ ariaLabel: `${name}. Escape leaves the editor.` });
  const container = editor.getContainerDomNode();
  container.setAttribute('role', 'group');
  container.setAttribute('aria-label', `${name} editor. Enter goes into it.`);
  // Once opened and closed, the search stays there unseen, and the Tab key would pass through it.
  const search = () => container.querySelector<HTMLElement>('.find-widget');
  const disposables = [
    editor.addAction({
      id: 'leave',
      label: 'Leave the Editor',
      keybindings: [KeyCode.Escape],
      precondition: NOTHING_OPEN,
      run: () => {
        search()?.setAttribute('inert', '');
        container.focus();
      },
    }),
    editor.onDidFocusEditorText(() => search()?.removeAttribute('inert')),
  ];
  return () => disposables.forEach((one) => one.dispose());
}
