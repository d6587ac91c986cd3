// The page for who has a keyboard only.
import { check, checkInnocence, editor, expect, visit, waitForResponse } from './page.mjs';

// The Tab key passes these, in this order.
const STOPS = [
  'Show Documentation Explorer',
  'Show History',
  'Open settings dialog',
  'NewestEvents',
  'New tab',
  'Query editor. Enter goes into it.',
  'Execute query (Ctrl-Enter)',
  'Prettify query (Shift-Ctrl-P)',
  'Variables',
  'Headers',
  'Variables editor. Enter goes into it.',
  'Response editor. Enter goes into it.',
];

/** What has the focus: its name, whether that can be seen, and whether it is inside an editor. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const alpha = /^rgba\(.*, ([\d.]+)\)$/.exec(outlineColor)?.[1] ?? '1';
    return {
      name: element.getAttribute('aria-label') ?? element.textContent.trim(),
      isPage: element === document.body,
      isVisible: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && Number(alpha) > 0.7,
      isInEditor: element.closest('.monaco-editor') !== null,
    };
  });

/** Presses Tab until the focus is there. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(page)).name === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to "${name}"`);
}

export async function checkKeyboard(address) {
  const visitor = await visit(address);
  const { page } = visitor;
  await page.getByLabel(STOPS.at(-1)).waitFor();

  await check('Tab passes every control, and shows where it is', async () => {
    const passed = [];
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab');
      const { name, isPage, isVisible } = await focused(page);
      if (isPage) break;
      expect(isVisible, `the focus on "${name}" cannot be seen`);
      passed.push(name);
    }
    const found = passed.filter((name) => STOPS.includes(name));
    expect(found.join() === STOPS.join(), `it passes ${passed.join(', ')}`);
    return `${passed.length} stops`;
  });

  await check('Enter goes into the editor, Ctrl-Enter runs what is there', async () => {
    await tabTo(page, 'Query editor. Enter goes into it.');
    await page.keyboard.press('Enter');
    expect((await focused(page)).isInEditor, 'the focus is not in the editor');
    await page.keyboard.press('ControlOrMeta+Enter');
    const result = JSON.parse(await (await waitForResponse(page, /"(data|errors)"/)).jsonValue());
    expect(result.data.events.edges.length > 0, JSON.stringify(result));
  });

  await check('Escape closes what is open in the editor, then leaves it; Tab goes on from there', async () => {
    const before = await editor(page, 'operation.graphql');
    await page.keyboard.press('ControlOrMeta+F');
    await page.locator('.find-widget.visible').first().waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.find-widget.visible').first().waitFor({ state: 'detached' });
    expect((await focused(page)).isInEditor, 'one Escape does both');
    await page.keyboard.press('Escape');
    const { name, isVisible } = await focused(page);
    expect(name === 'Query editor. Enter goes into it.', `the focus is on "${name}"`);
    expect(isVisible, 'the focus cannot be seen');
    await page.keyboard.press('Tab');
    const next = (await focused(page)).name;
    expect(next === 'Execute query (Ctrl-Enter)', `Tab goes on to "${next}"`);
    expect((await editor(page, 'operation.graphql')) === before, 'the query has changed');
  });

  await check('the variables and the response are left in the same way', async () => {
    for (const name of ['Variables editor. Enter goes into it.', 'Response editor. Enter goes into it.']) {
      await tabTo(page, name);
      await page.keyboard.press('Enter');
      expect((await focused(page)).isInEditor, `Enter does not go into "${name}"`);
      await page.keyboard.press('Escape');
      expect((await focused(page)).name === name, `Escape does not leave "${name}"`);
    }
  });

  await check('the documentation opens, is searched and closes without a mouse', async () => {
    await tabTo(page, 'Show Documentation Explorer');
    await page.keyboard.press('Enter');
    await page.locator('.graphiql-doc-explorer').waitFor();
    await tabTo(page, 'Search the documentation');
    await page.keyboard.insertText('lagSeconds');
    await page.getByRole('option', { name: /lagSeconds/ }).and(page.locator('[data-active]')).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.graphiql-doc-explorer-title', { hasText: 'lagSeconds' }).waitFor();
    await tabTo(page, 'Hide Documentation Explorer');
    await page.keyboard.press('Enter');
    await page.locator('.graphiql-doc-explorer').waitFor({ state: 'detached' });
  });

  await checkInnocence(visitor, 'keyboard');
  await visitor.close();
}
