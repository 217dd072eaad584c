import { type Locator, type Page } from '@playwright/test';
import { type Account, type Mail, expect, test as base } from '../fixtures';
import { noon } from '../support/calendar';

export { expect };
export type { Account, Mail };

/**
 * The partner's steps, and the one place that knows what differs without JavaScript. Every spec runs
 * with and without; the exceptions are these:
 *
 * - People: with JavaScript one types and chooses from a list that filters, several if one likes.
 *   Without, one person at a time is chosen from a select, so that several people are several posts,
 *   and too few seats can only mean that none is left.
 * - A filter applies at once; without JavaScript one presses Apply.
 * - A confirmation is a dialog with Keep; without JavaScript it unfolds below its button.
 * - Copy, and the choice of a language and a system for a download, need JavaScript. Without, the text
 *   can be selected, and the table of all downloads has every package.
 * - What was done is said by a toast; without JavaScript on top of the next page.
 * - What somebody else changes shows by itself; without JavaScript after a reload.
 */
export class Steps {
  constructor(
    private readonly scripts: boolean,
    private readonly hydrated: (page: Page) => Promise<void>,
  ) {}

  /** The arrow of a benefit's row. */
  opener(page: Page, name: string, source: string): Locator {
    return page.getByRole('link', { name: `Details: ${name}, ${source}`, exact: true });
  }

  /** The row of a benefit. */
  row(page: Page, name: string, source: string): Locator {
    return page.getByRole('row').filter({ has: this.opener(page, name, source) });
  }

  /** What belongs to the open row. */
  detail(page: Page): Locator {
    return page.locator('tr.detail');
  }

  /** Opens a row by its arrow. */
  async open(page: Page, name: string, source: string): Promise<Locator> {
    await this.opener(page, name, source).click();
    await expect(this.opener(page, name, source)).toHaveAttribute('aria-expanded', 'true');
    await this.hydrated(page);
    await expect(this.detail(page)).toBeVisible();
    return this.detail(page);
  }

  /** Loads the page again, as somebody does who wonders whether it was kept. */
  async reload(page: Page): Promise<void> {
    await page.goto(page.url());
    await page.reload();
    await this.hydrated(page);
  }

  /** Finds by a text. */
  async find(page: Page, text: string): Promise<void> {
    await page.getByRole('searchbox', { name: 'Find' }).fill(text);
    await this.applyFilters(page);
  }

  /** Filters by a choice. */
  async filter(page: Page, label: string, choice: string): Promise<void> {
    await page.locator('search').getByLabel(label, { exact: true }).selectOption({ label: choice });
    await this.applyFilters(page);
  }

  private async applyFilters(page: Page): Promise<void> {
    if (!this.scripts) {
      await page.getByRole('button', { name: 'Apply' }).click();
    }
  }

  /** Chooses a person to assign, by a part of the name. */
  async choose(page: Page, person: Account, typed = person.name.slice(0, 5)): Promise<void> {
    const detail = this.detail(page);
    if (this.scripts) {
      const input = detail.locator('input[role="combobox"]');
      await input.click();
      await input.pressSequentially(typed);
      // The list has been searched once what was typed stands out in it.
      const option = this.options(page).filter({ hasText: person.email });
      await option.filter({ has: page.locator('mark') }).click();
      await expect(this.chosen(page, person)).toBeVisible();
    } else {
      await detail.getByLabel('Name or email address').selectOption({ label: person.name });
    }
  }

  /** Who is in the list to choose from. */
  options(page: Page): Locator {
    return this.detail(page).getByRole('listbox').getByRole('option');
  }

  /** The person who is chosen: a chip, or the choice of the select. */
  chosen(page: Page, person: Account): Locator {
    return this.scripts
      ? this.detail(page).locator('.chosen').getByRole('button', { name: person.name })
      : this.detail(page).locator('option:checked', { hasText: person.name });
  }

  /** Assigns people: all at once, or one after the other. */
  async assign(page: Page, people: readonly Account[]): Promise<void> {
    const posts = this.scripts ? [people] : people.map((person) => [person]);
    for (const post of posts) {
      for (const person of post) {
        await this.choose(page, person);
      }
      const label = post.length > 1 ? `Assign ${post.length} users` : 'Assign user';
      await this.detail(page).getByRole('button', { name: label, exact: true }).click();
      for (const person of post) {
        await expect(this.holder(page, person)).toBeVisible();
      }
    }
  }

  /** The row of somebody who holds a seat of the open benefit. */
  holder(page: Page, person: Account): Locator {
    return this.detail(page)
      .getByRole('table', { name: /^Holders of / })
      .getByRole('row')
      .filter({ has: page.locator('th', { hasText: person.email }) });
  }

  /** What unfolds something, by its name. */
  private summary(within: Locator, name: string): Locator {
    const exact = new RegExp(`^\\s*${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
    return within
      .locator(`summary[aria-label="${name}"]`)
      .or(within.locator('summary:not([aria-label])').filter({ hasText: exact }))
      .first();
  }

  /** Opens what unfolds below its name. */
  async unfold(within: Locator, name: string): Promise<void> {
    await this.summary(within, name).click();
  }

  /** Presses a button that asks first, looks at the question, and answers yes. */
  async confirm(within: Locator, button: string, question: string, answer: string): Promise<void> {
    const page = within.page();
    const summary = this.summary(within, button);
    const dialog = page.getByRole('dialog', { name: question });
    await summary.click();
    await expect(dialog).toBeVisible();
    if (this.scripts) {
      // The safe answer has the focus, and nothing happens by it.
      const keep = dialog.getByRole('button', { name: 'Keep' });
      await expect(keep).toBeFocused();
      await keep.click();
      await expect(dialog).toBeHidden();
      await summary.click();
    }
    await dialog.getByRole('button', { name: answer, exact: true }).click();
    await expect(dialog).toBeHidden();
  }

  /** What was just done is said. */
  async told(page: Page, text: string | RegExp): Promise<void> {
    const place = page.locator(this.scripts ? '.toasts' : '.flash');
    // Toasts wait for each other.
    await expect(place.getByText(text)).toBeVisible({ timeout: 20_000 });
  }

  /** What was copied, as it is pasted elsewhere. */
  async pasted(page: Page): Promise<string> {
    const pad = await page.context().newPage();
    await pad.setContent('<label>Pad <textarea></textarea></label>');
    await pad.getByLabel('Pad').press('ControlOrMeta+v');
    const text = await pad.getByLabel('Pad').inputValue();
    await pad.close();
    return text;
  }

  /** Sets a policy that is a number, as a programme admin who looks at the page of policies. */
  async setPolicy(page: Page, name: string, value: string): Promise<void> {
    const field = page.locator(`input[name="${name}"]`);
    await field.fill(value);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await this.told(page, '1 policy is changed.');
    await page.reload();
    await expect(field).toHaveValue(value);
  }

  /** Somebody else's change shows: by itself within the time, or after a reload. */
  async seesChange(page: Page, change: Locator, within = 10_000): Promise<void> {
    if (!this.scripts) {
      await this.reload(page);
    }
    await expect(change).toBeVisible({ timeout: within });
  }

  /** The button can't be pressed, and the reason stands there as text that the button names. */
  async refused(within: Locator, button: string, reason: string | RegExp): Promise<void> {
    const disabled = within.getByRole('button', { name: button, exact: true }).first();
    await expect(disabled).toBeVisible();
    await expect(disabled).toHaveAttribute('aria-disabled', 'true');
    await expect(disabled).toHaveAccessibleDescription(reason);
    await expect(within.locator('.why').getByText(reason).first()).toBeVisible();
  }

  /** The field with the label says what is wrong with it, beside it. */
  async fault(within: Locator, label: string, fault: string): Promise<void> {
    const field = within.getByLabel(label, { exact: true });
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(field).toHaveAccessibleDescription(fault);
    const frame = field.locator('xpath=ancestor::div[contains(concat(" ", @class, " "), " field ")][1]');
    await expect(frame.locator('.error').getByText(fault)).toBeVisible();
  }
}

/** The tests of the partner's jobs. */
export const test = base.extend<{ steps: Steps }>({
  steps: async ({ scripts, hydrated }, use) => use(new Steps(scripts, hydrated)),

  // Judged from its top: what the bar happens to lie over would count as too small to press.
  axe: async ({ axe, scripts }, use) =>
    use(async (page) => {
      await page.evaluate((plain) => {
        window.scrollTo(0, 0);
        if (plain) {
          history.replaceState(null, '', location.pathname + location.search);
        }
      }, !scripts);
      await axe(page);
      // Chromium leaves a field that was looked at inside closed details without its height once they
      // are opened: it is laid out anew.
      await page.evaluate(() => {
        const { body } = document;
        body.style.display = 'none';
        void body.offsetHeight;
        body.style.display = '';
      });
    }),
});

/** Days as English pages write them, in the organization's zone. */
export function english(day: Date, timeZone = 'Europe/Oslo'): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, day: 'numeric', month: 'short', year: 'numeric' })
    .formatToParts(day)
    .reduce<Record<string, string>>((all, part) => ({ ...all, [part.type]: part.value }), {});
  return `${parts['day']} ${parts['month']} ${parts['year']}`;
}

/** The last of so many working days after today where the company is, as machines write it. */
export function inWorkingDays(count: number, timeZone: string): string {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date());
  const day = new Date(`${today}T00:00:00Z`);
  for (let left = count; left > 0; ) {
    day.setUTCDate(day.getUTCDate() + 1);
    if (day.getUTCDay() !== 0 && day.getUTCDay() !== 6) {
      left -= 1;
    }
  }
  return day.toISOString().slice(0, 10);
}

/** Noon of the day so many days from today in the zone: a day of summer time is not 24 hours long. */
export function inDays(days: number, timeZone = 'Europe/Oslo'): Date {
  return new Date(noon(days, timeZone));
}
