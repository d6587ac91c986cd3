/**
 * What GraphiQL keeps in the browser. It would store the headers, and so the token, with every tab and with every
 * entry of the history; this storage keeps them in one place only.
 */
import { headersText } from './headers';

const PREFIX = 'graphiql:';
const TABS = `${PREFIX}tabState`;
const HISTORY = [`${PREFIX}queries`, `${PREFIX}favorites`];

interface StoredTabs {
  tabs: Record<string, unknown>[];
  activeTabIndex: number;
}

const names = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));

export const storage = {
  getItem(name: string): string | null {
    switch (name) {
      case `${PREFIX}headers`:
        return headersText();
      case TABS: {
        const stored = storedTabs();
        return stored && JSON.stringify({ ...stored, tabs: stored.tabs.map((tab) => ({ ...tab, headers: headersText() })) });
      }
      // GraphiQL stores the active tab's texts a second time, and opens one more tab when the two differ.
      case `${PREFIX}query`:
      case `${PREFIX}variables`: {
        const stored = storedTabs();
        const value = stored?.tabs[stored.activeTabIndex]?.[name.slice(PREFIX.length)];
        return typeof value === 'string' ? value : null;
      }
      default:
        return localStorage.getItem(name);
    }
  },

  setItem(name: string, value: string): void {
    localStorage.setItem(name, name === TABS || HISTORY.includes(name) ? withoutHeaders(value) : value);
  },

  removeItem(name: string): void {
    localStorage.removeItem(name);
  },

  clear(): void {
    for (const name of names()) localStorage.removeItem(name);
  },

  get length(): number {
    return names().length;
  },
};

function withoutHeaders(json: string): string {
  return JSON.stringify(JSON.parse(json), (name, value: unknown) => (name === 'headers' ? null : value));
}

function storedTabs(): StoredTabs | null {
  try {
    const stored = JSON.parse(localStorage.getItem(TABS) ?? 'null') as StoredTabs | null;
    return stored?.tabs.length ? stored : null;
  } catch {
    return null;
  }
}
