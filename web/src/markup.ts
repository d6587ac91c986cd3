/** Corrects what GraphiQL's markup tells a screen reader wrongly, now and whenever it changes. */
export function correctMarkup(page: HTMLElement): void {
  const correct = () => {
    // It calls itself "Set active" instead of what it shows: an operation.
    for (const entry of page.querySelectorAll('.graphiql-history-item-label[aria-label]')) {
      entry.removeAttribute('aria-label');
    }
    // Its only name is the placeholder, a shortcut.
    for (const search of page.querySelectorAll('.graphiql-doc-explorer-search-input input:not([aria-label])')) {
      search.setAttribute('aria-label', 'Search the documentation');
    }
    // A tab must not hold buttons, and these do: one to show it, one to close it. So they are a list, with a current one.
    for (const list of page.querySelectorAll('.graphiql-tabs[role]')) list.removeAttribute('role');
    for (const tab of page.querySelectorAll('.graphiql-tab:is([role], [aria-selected])')) {
      const isCurrent = tab.getAttribute('aria-selected') ?? 'false';
      tab.querySelector('.graphiql-tab-button')?.setAttribute('aria-current', isCurrent);
      tab.removeAttribute('role');
      tab.removeAttribute('aria-selected');
    }
    for (const session of page.querySelectorAll('#graphiql-session[role="tabpanel"]')) {
      session.setAttribute('role', 'group');
    }
  };
  correct();
  new MutationObserver(correct).observe(page, {
    attributeFilter: ['aria-label', 'aria-selected', 'role'],
    childList: true,
    subtree: true,
  });
}
