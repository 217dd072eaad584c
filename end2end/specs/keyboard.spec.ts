import type { Locator, Page } from '@playwright/test';
import { fernhollow } from '../accounts';
import { type Account, expect, test } from './partner';

test.use({ isolated: true });

const leila: Account = { email: 'leila.azarmandi@fernhollow.example', name: 'Leila Azarmandi' };
const ENTERPRISE = 'Visual Studio Enterprise';

/** Goes on with Tab until the element has the focus, and checks that one sees it. */
async function tabTo(page: Page, wanted: Locator, most = 150): Promise<void> {
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await wanted.count()) === 1 && (await wanted.evaluate((element) => element === document.activeElement))) {
      await seesFocus(wanted);
      return;
    }
  }
  throw new Error(`${most} times Tab did not lead to ${wanted.toString()}`);
}

/** The focused element has a ring, stands on the screen, and nothing lies over it. */
async function seesFocus(element: Locator): Promise<void> {
  await expect(element).toBeInViewport();
  const ring = await element.evaluate((focused) => {
    const shown = (of: Element): boolean => {
      const style = getComputedStyle(of);
      return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
    };
    return shown(focused) || (focused.parentElement !== null && shown(focused.parentElement));
  });
  expect(ring, 'a ring round what has the focus').toBe(true);
  const covered = await element.evaluate((focused) => {
    const box = focused.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return top !== null && !focused.contains(top) && !top.contains(focused) ? top.outerHTML.slice(0, 120) : '';
  });
  expect(covered, 'what lies over the focused element').toBe('');
}

test('the skip link is first and leads to the content', async ({ page, signIn }) => {
  for (const path of ['/', '/benefits/visual-studio', '/account/users']) {
    await signIn(page, fernhollow.globalAdmin, { path });
    const skip = page.getByRole('link', { name: 'Skip to content' });
    await page.keyboard.press('Tab');
    await expect(skip).toBeFocused();
    await seesFocus(skip);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/#main$/);
    // The next Tab goes on inside the content.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main')?.id)).toBe('main');
  }
});

test('a person is assigned and removed with the keyboard only', async ({ page, signIn, steps, hydrated, scripts }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  await tabTo(page, steps.opener(page, ENTERPRISE, 'Gold Core'));
  await page.keyboard.press('Enter');
  await expect(steps.opener(page, ENTERPRISE, 'Gold Core')).toHaveAttribute('aria-expanded', 'true');
  await hydrated(page);
  const detail = steps.detail(page);
  await expect(detail).toBeVisible();

  if (scripts) {
    const input = detail.locator('input[role="combobox"]');
    await tabTo(page, input);
    await page.keyboard.type('azarm');
    await expect(steps.options(page)).toHaveCount(1);
    await page.keyboard.press('ArrowDown');
    await expect(input).toHaveAttribute('aria-activedescendant', /-option-0$/);
    await page.keyboard.press('Enter');
    await expect(steps.chosen(page, leila)).toBeVisible();
    await expect(input).toBeFocused();
    // A chip is taken out with Backspace, and chosen again with the arrows.
    await page.keyboard.press('Backspace');
    await expect(steps.chosen(page, leila)).toHaveCount(0);
    await page.keyboard.type('leila');
    await expect(steps.options(page)).toHaveCount(1);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect(steps.chosen(page, leila)).toBeVisible();
  } else {
    const select = detail.getByLabel('Name or email address');
    await tabTo(page, select);
    await page.keyboard.type('Leila');
    await expect(select.locator('option:checked')).toHaveText(leila.name);
  }
  await tabTo(page, detail.getByRole('button', { name: 'Assign user', exact: true }));
  await page.keyboard.press('Enter');
  const holder = steps.holder(page, leila);
  await expect(holder).toBeVisible();
  await hydrated(page);
  // The toast may lie over what the screen has room for; it goes after some seconds.
  await expect(page.locator('.toast')).toHaveCount(0, { timeout: 15_000 });

  const remove = holder.locator(`summary[aria-label="Remove ${leila.name}"]`);
  await tabTo(page, remove);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: `Remove ${leila.name}?` });
  await expect(dialog).toBeVisible();
  if (scripts) {
    await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(remove).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
  }
  await tabTo(page, dialog.getByRole('button', { name: 'Remove', exact: true }), 10);
  await page.keyboard.press('Enter');
  await expect(holder).toHaveCount(0);
});

test('filters, the menu and the language are reached with the keyboard', async ({ page, signIn, hydrated }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  const language = page.getByRole('banner').locator('summary[aria-label="Language: English"]');
  await tabTo(page, language);
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('banner').getByRole('button', { name: '繁體中文' }), 5);
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hant');
  await hydrated(page);
  await tabTo(page, page.getByRole('searchbox'));
  await page.keyboard.type('professional');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/find=professional/);
});
