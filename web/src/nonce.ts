/**
 * Lets style sheets in that are written as the page runs: the editor's themes and rules, the dialogs' scroll locks. The
 * page's content security policy takes a `<style>` element only with the nonce that came with the page.
 */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
const create = document.createElement.bind(document);

document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const element = create(name, options);
  if (nonce && element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
}) as typeof document.createElement;
