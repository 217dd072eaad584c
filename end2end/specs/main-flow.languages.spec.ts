import fs from 'node:fs';
import path from 'node:path';
import { fernhollow } from '../accounts';
import type { Language } from '../fixtures';
import { type Account, expect, test } from './partner';

test.use({ isolated: true });

const LOCALES = path.join(__dirname, '../../locales');

/** A text of the portal as its file has it, with its places filled. */
function text(language: Language, file: string, key: string, facts: Record<string, string> = {}): string {
  const source = fs.readFileSync(path.join(LOCALES, language, `${file}.toml`), 'utf8');
  const template = new RegExp(`^${key} = "(.*)"$`, 'm').exec(source)?.[1];
  if (template === undefined) {
    throw new Error(`${language}/${file}.toml has no ${key}`);
  }
  return Object.entries(facts).reduce((filled, [name, value]) => filled.replace(`{${name}}`, value), template);
}

/** Today as the language writes it, in the organization's zone, told apart from the portal's own code. */
function today(language: Language): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'Europe/Oslo', ...options }).format(new Date());
  const [day, month, year] = [part({ day: 'numeric' }), part({ month: 'short' }), part({ year: 'numeric' })];
  return language === 'en' ? `${day} ${month} ${year}` : `${year}年${part({ month: 'numeric' })}月${day}日`;
}

/** What the sample programme calls the source of Gold's core. */
const GOLD_CORE: Readonly<Record<Language, string>> = {
  en: 'Gold Core',
  'zh-Hans': '金级核心',
  'zh-Hant': '金級核心',
};

const FLOWS: readonly { language: Language; benefit: string; subject: string; person: Account }[] = [
  {
    language: 'en',
    benefit: 'Visual Studio Enterprise',
    subject: 'You have a seat: Visual Studio Enterprise',
    person: { email: 'leila.azarmandi@fernhollow.example', name: 'Leila Azarmandi' },
  },
  {
    language: 'zh-Hans',
    benefit: 'Visual Studio 企业版',
    subject: 'You have a seat: Visual Studio Enterprise',
    person: { email: 'marisol.echavarren@fernhollow.example', name: 'Marisol Echavarren-Dahl' },
  },
  {
    language: 'zh-Hant',
    benefit: 'Visual Studio 企業版',
    subject: 'Visual Studio 企業版',
    person: { email: 'yutong.lin@fernhollow.example', name: '林語彤' },
  },
];

for (const { language, benefit, subject, person } of FLOWS) {
  test(`signing in, opening a row, assigning and seeing it: ${language}`, async ({
    page,
    hydrated,
    sendSignIn,
    chooseLanguage,
    steps,
    scripts,
    mail,
    axe,
  }) => {
    const t = (file: string, key: string, facts?: Record<string, string>): string => text(language, file, key, facts);
    await page.goto('/benefits/visual-studio');
    await hydrated(page);
    await chooseLanguage(page, language);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(t('sign_in', 'title'));
    await axe(page);
    await sendSignIn(page, fernhollow.globalAdmin);
    await expect(page).toHaveURL('/benefits/visual-studio');
    await hydrated(page);
    if ((await page.locator('html').getAttribute('lang')) !== language) {
      // The account has kept another one.
      await chooseLanguage(page, language);
    }
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(t('navigation', 'visual_studio'));
    await axe(page);

    const opener = page.getByRole('link', {
      name: t('common', 'details_of', { name: benefit, source: GOLD_CORE[language] }),
      exact: true,
    });
    await opener.click();
    await expect(opener).toHaveAttribute('aria-expanded', 'true');
    await hydrated(page);
    const detail = steps.detail(page);
    if (scripts) {
      await detail.locator('input[role="combobox"]').pressSequentially(person.name.slice(0, 4));
      const option = steps.options(page).filter({ hasText: person.email });
      await option.filter({ has: page.locator('mark') }).click();
    } else {
      await detail.getByLabel(t('seats', 'who')).selectOption({ label: person.name });
    }
    await detail.getByRole('button', { name: t('seats', 'assign'), exact: true }).click();
    await steps.told(page, t('seats', 'done_assigned', { people: person.name }));

    const holder = detail
      .getByRole('table', {
        name: t('seats', 'holders_of', { name: benefit, source: GOLD_CORE[language] }),
      })
      .getByRole('row')
      .filter({ has: page.locator('th', { hasText: person.email }) });
    await expect(holder).toContainText(today(language));
    await steps.reload(page);
    await expect(holder).toContainText(today(language));
    const row = page.getByRole('row').filter({ has: opener });
    await expect(row).toContainText(t('common', 'used_of', { used: '7', quantity: '10', left: '3' }));
    if (language === 'en') {
      await expect(row).toContainText(/\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}/);
    } else {
      await expect(row).toContainText(/\d{4}年\d{1,2}月\d{1,2}日/);
    }
    await axe(page);
    expect((await mail(person, new RegExp(subject))).subject).toContain(subject);
  });
}
