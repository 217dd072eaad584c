import type { Page } from '@playwright/test';
import { type Account, fernhollow, operators } from '../accounts';
import type { Language, Theme } from '../fixtures';
import { LANGUAGES, THEMES, addresses } from '../support/screenshots';
import { expect, test } from './partner';

/**
 * Pictures of every address in every language, width and theme, and of the rows and forms that open
 * there; none scrolls sideways and axe finds nothing in either theme. Without JavaScript the pages
 * look the same, so that axe and the width are all that is judged there.
 */

test.describe.configure({ timeout: 300_000 });

/** What is not as it should be, page by page: one run tells all of it. */
class Findings {
  private readonly found: string[] = [];

  async gather(where: string, judge: () => Promise<void>): Promise<void> {
    try {
      await judge();
    } catch (error) {
      this.found.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  end(): void {
    expect(this.found.join('\n\n'), 'what is not as it should be').toBe('');
  }
}

/** How a place is reached beyond its address, in any language. */
type Place = { readonly name: string; readonly path: string; readonly prepare?: (page: Page) => Promise<void> };

const openRow = async (page: Page, path: string, name: string, source: string): Promise<string> => {
  await page.goto(path);
  const opener = page.getByRole('link', { name: `Details: ${name}, ${source}`, exact: true });
  const href = await opener.getAttribute('href');
  expect(href, `${name}, ${source} can be opened`).not.toBeNull();
  return href ?? '';
};

/** Sends the first form of this kind. */
const send =
  (code: string, shown: string) =>
  async (page: Page): Promise<void> => {
    await page.locator(`form:has(input[name="form"][value="${code}"]) button[type="submit"]`).first().click();
    await expect(page.locator(shown).first()).toBeVisible();
  };

/** Unfolds everything that is folded away in the page. */
const unfold = async (page: Page): Promise<void> => {
  const folded = page.locator('main details:not([open]):not(.confirm) > summary');
  for (let left = await folded.count(); left > 0; left -= 1) {
    await folded.first().click();
  }
};

const isOperators = (address: string): boolean => address.startsWith('/operator/');
/** The steps of the enrolment, each of which has its turn: see the test of a company that enrols. */
const ofEnrolment = (address: string): boolean => address.startsWith('/enrol');
const needsNobody = (address: string): boolean =>
  !ofEnrolment(address) &&
  (address.startsWith('/sign-in') || address === '/forgotten-password' || address.endsWith('/:token'));

test.describe('every page', () => {
  const visit = (account: Account, wanted: (address: string) => boolean) =>
    async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }: Judges): Promise<void> => {
      const findings = new Findings();
      for (const language of scripts ? LANGUAGES : (['en'] as const)) {
        await signIn(page, account, { language });
        for (const address of addresses().filter(wanted)) {
          // The oldest order is the sample company's.
          await page.goto(
            address
              .replace(':number', '10001')
              .replace(':product', 'windows_enterprise')
              .replace(':company', 'fernhollow.example'),
          );
          await hydrated(page);
          for (const theme of THEMES) {
            await findings.gather(`${address} ${language} ${theme}`, async () => {
              await judge(page, address, theme);
              if (scripts) {
                await takeScreenshot(page, address, language, theme);
              }
              if (language === 'en') {
                await axe(page);
              }
            });
          }
        }
      }
      findings.end();
    };

  test('of a partner', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    await visit(fernhollow.globalAdmin, (address) => !isOperators(address) && !ofEnrolment(address) && !needsNobody(address))({
      page, signIn, hydrated, takeScreenshot, axe, scripts,
    });
  });

  test('of an operator', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    const ofDraft = (address: string): boolean => address.includes(':draft');
    await visit(operators.programmeAdmin, (address) => isOperators(address) && !ofDraft(address))({
      page, signIn, hydrated, takeScreenshot, axe, scripts,
    });
  });

  test('of a draft of the catalogue', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    const findings = new Findings();
    await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
    await page.getByLabel('Title').fill('Spring quantities');
    await page.getByRole('button', { name: 'Begin a draft' }).click();
    await page.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}$/);
    const draft = new URL(page.url()).pathname;
    await hydrated(page);
    await page.getByLabel('Visual Studio Enterprise, Gold Core').fill('3');
    await page.getByLabel('Visual Studio Professional, Action Pack').fill('∞');
    await page.getByRole('button', { name: 'Save quantities' }).click();
    await expect(page.getByText('2 differences').first()).toBeVisible();
    const places = [
      ['/operator/catalogue/:draft', draft],
      ['/operator/catalogue/:draft/product', `${draft}/product?code=windows_enterprise`],
      ['/operator/catalogue/:draft/tiers/:tier', `${draft}/tiers/gold`],
      ['/operator/catalogue/:draft/offer', `${draft}/offer?code=gold`],
      ['/operator/catalogue/:draft/area', `${draft}/area?code=devops`],
      ['/operator/catalogue/:draft/programme', `${draft}/programme`],
    ] as const;
    for (const language of scripts ? LANGUAGES : (['en'] as const)) {
      await signIn(page, operators.programmeAdmin, { language });
      for (const [address, place] of places) {
        await page.goto(place);
        await hydrated(page);
        for (const theme of THEMES) {
          await findings.gather(`${address} ${language} ${theme}`, async () => {
            await judge(page, place.split('?')[0] ?? '', theme);
            if (scripts) {
              await takeScreenshot(page, address, language, theme);
            }
            if (language === 'en') {
              await axe(page);
            }
          });
        }
      }
    }
    findings.end();
  });

  test('that needs no account', async ({
    page,
    anotherPage,
    signIn,
    hydrated,
    chooseLanguage,
    takeScreenshot,
    axe,
    mail,
    scripts,
  }) => {
    const administrator = await anotherPage();
    await signIn(administrator, fernhollow.globalAdmin, { path: '/account/users?find=Tveitanger' });
    const href = await administrator.locator('a.opener').getAttribute('href');
    await administrator.goto(href ?? '');
    await hydrated(administrator);
    await administrator.getByRole('button', { name: 'Send another invitation' }).click();
    const invitation = await mail(fernhollow.invited, /\/invitation\//);
    await page.goto('/forgotten-password');
    await hydrated(page);
    await page.getByLabel('Email address').fill(fernhollow.otherEmployee.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    const reset = await mail(fernhollow.otherEmployee, /\/reset-password\//);
    const linkIn = (text: string, place: RegExp): string => place.exec(text)?.[0] ?? '';
    const links = new Map([
      ['/invitation/:token', linkIn(invitation.text, /\/invitation\/[^\s]+/)],
      ['/reset-password/:token', linkIn(reset.text, /\/reset-password\/[^\s]+/)],
    ]);

    const findings = new Findings();
    for (const language of scripts ? LANGUAGES : (['en'] as const)) {
      await page.goto('/sign-in');
      await hydrated(page);
      await chooseLanguage(page, language);
      for (const address of addresses().filter(needsNobody)) {
        await page.goto(links.get(address) ?? address);
        await hydrated(page);
        for (const theme of THEMES) {
          await findings.gather(`${address} ${language} ${theme}`, async () => {
            await judge(page, address, theme);
            if (scripts) {
              await takeScreenshot(page, address, language, theme);
            }
            if (language === 'en') {
              await axe(page);
            }
          });
        }
      }
    }
    findings.end();
  });
});

test.describe('a company that enrols', () => {
  test.use({ isolated: true });

  const form = (code: string): string => `form:has(input[name="form"][value="${code}"])`;
  const founder: Account = { email: 'ida.moen@oakfen.example', name: 'Ida Moen' };

  test('at each of its steps', async ({
    page,
    anotherPage,
    signIn,
    hydrated,
    chooseLanguage,
    takeScreenshot,
    axe,
    mail,
    scripts,
  }) => {
    const findings = new Findings();
    const send = async (on: Page, code: string, fields: Record<string, string>): Promise<void> => {
      for (const [name, value] of Object.entries(fields)) {
        const field = on.locator(`${form(code)} [name="${name}"]`);
        if (name === 'country') {
          await field.selectOption(value);
        } else {
          await field.fill(value);
        }
      }
      await on.locator(`${form(code)} button[type="submit"]`).first().click();
    };
    const show = async (on: Page, addresses: [string, string][]): Promise<void> => {
      for (const language of scripts ? LANGUAGES : (['en'] as const)) {
        await on.goto(addresses[0]?.[1] ?? '/enrol');
        await hydrated(on);
        await chooseLanguage(on, language);
        for (const [address, path] of addresses) {
          await on.goto(path);
          await hydrated(on);
          for (const theme of THEMES) {
            await findings.gather(`${address} ${language} ${theme}`, async () => {
              await judge(on, address, theme);
              if (scripts) {
                await takeScreenshot(on, address, language, theme);
              }
              if (language === 'en') {
                await axe(on);
              }
            });
          }
        }
      }
      await chooseLanguage(on, 'en');
    };
    const link = async (account: Account, place: RegExp): Promise<string> =>
      place.exec((await mail(account, place)).text)?.[0] ?? '';

    await page.goto('/enrol/account');
    await hydrated(page);
    await send(page, 'begin_enrolment', {
      company_domain: 'oakfen.example',
      name: founder.name,
      email: founder.email,
    });
    const founding = await link(founder, /\/enrol\/link\/\S+/);
    await show(page, [
      ['/enrol', '/enrol'],
      ['/enrol/account', '/enrol/account'],
      ['/enrol/link/:token', founding],
    ]);
    await page.goto(founding);
    await hydrated(page);
    const password = 'a heron over the weir 41';
    await send(page, 'found_by_password', { new_password: password, repeat_password: password });
    await expect(page).toHaveURL('/enrol/profile');
    await show(page, [['/enrol/profile', '/enrol/profile']]);
    await page.goto('/enrol/profile');
    await hydrated(page);
    await send(page, 'save_legal_profile', {
      company: 'Oakfen & Sønner AS',
      street: 'Storgata 1',
      country: 'NO',
      postal_code: '0155',
      city: 'Oslo',
      time_zone: 'Europe/Oslo',
      phone: '+47 22 00 00 00',
    });
    await expect(page).toHaveURL('/enrol/summary');
    await show(page, [
      ['/enrol/summary', '/enrol/summary'],
      ['/enrol/agreement', '/enrol/agreement'],
    ]);
    await page.goto('/enrol/agreement');
    await hydrated(page);
    await page.locator(`${form('accept_agreement')} [name="accept"]`).check();
    await page.locator(`${form('accept_agreement')} button[type="submit"]`).click();
    await expect(page).toHaveURL('/enrol/status');
    await show(page, [['/enrol/status', '/enrol/status']]);
    const contact = await anotherPage();
    const question = await link(founder, /\/enrol\/contact\/\S+/);
    await show(contact, [['/enrol/contact/:token', question]]);
    await contact.goto(question);
    await hydrated(contact);
    for (const name of ['signed_up', 'own_address']) {
      await contact.locator(`[name="${name}"][value="yes"]`).check();
    }
    await contact.locator(`${form('answer_enrolment')} button[type="submit"]`).click();
    await expect(contact).toHaveURL(/answered=yes/);

    // The operators' row, and what the founder reads while they decide.
    await show(page, [['/enrol/status/review', '/enrol/status']]);
    const operator = await anotherPage();
    await signIn(operator, operators.fulfilmentAgent, { path: '/operator/queue?kind=enrolment' });
    const row = (await operator.locator('a.opener').first().getAttribute('href')) ?? '';
    await show(operator, [['/operator/queue/enrolment', row]]);
    findings.end();
  });
});

type Judges = {
  page: Page;
  signIn: (page: Page, account: Account, options?: { language?: Language; path?: string }) => Promise<void>;
  hydrated: (page: Page) => Promise<void>;
  takeScreenshot: (page: Page, route: string, language: Language, theme: Theme) => Promise<void>;
  axe: (page: Page) => Promise<void>;
  scripts: boolean;
};

/** Is the page that was asked for, in this theme, and not wider than the screen. */
async function judge(page: Page, address: string, theme: Theme): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  // An open row scrolls to itself; the picture starts at the top.
  await page.evaluate(() => window.scrollTo(0, 0));
  const path = address
    .replace(':token', '')
    .replace(':number', '')
    .replace(':product', '')
    .replace(':company', 'fernhollow.example')
    .replace(/(status|queue)\/(review|enrolment)$/, '$1');
  expect(new URL(page.url()).pathname, 'the address of the page').toContain(path);
  await expect(page.locator('main h1'), 'the heading of the page').toHaveCount(1);
  const excess = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(excess, 'pixels by which the page is wider than the screen').toBeLessThanOrEqual(0);
}

test.describe('what opens on a page', () => {
  const each = async (
    { page, signIn, hydrated, takeScreenshot, axe, scripts }: Judges,
    account: Account,
    find: (page: Page) => Promise<Place[]>,
  ): Promise<void> => {
    const findings = new Findings();
    await signIn(page, account);
    const places = await find(page);
    for (const language of scripts ? LANGUAGES : (['en'] as const)) {
      await signIn(page, account, { language });
      for (const { name, path, prepare } of places) {
        await findings.gather(`${name} ${language}`, async () => {
          await page.goto(path);
          await hydrated(page);
          await prepare?.(page);
        });
        for (const theme of THEMES) {
          await findings.gather(`${name} ${language} ${theme}`, async () => {
            await judge(page, path.split(/[?#]/)[0] ?? path, theme);
            if (scripts) {
              await takeScreenshot(page, name, language, theme);
            }
            if (language === 'en') {
              await axe(page);
            }
          });
        }
      }
    }
    findings.end();
  };

  test('for administrators', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    await each({ page, signIn, hydrated, takeScreenshot, axe, scripts }, fernhollow.globalAdmin, async (page) => [
      {
        name: '/benefits/software/before-the-key',
        path: await openRow(page, '/benefits/software', 'Windows Enterprise', 'Gold Core'),
      },
      {
        name: '/benefits/software/key',
        path: await openRow(page, '/benefits/software', 'Windows Enterprise', 'Action Pack'),
        prepare: send('reveal_key', '.key'),
      },
      { name: '/benefits/software/nothing-matches', path: '/benefits/software?find=no-such-product' },
      { name: '/benefits/cloud/seats', path: await openRow(page, '/benefits/cloud', 'Azure credit', 'Gold Core') },
      {
        name: '/benefits/cloud/redeem',
        path: await openRow(page, '/benefits/cloud', 'Enterprise Mobility Suite', 'Action Pack'),
      },
      {
        name: '/benefits/visual-studio/assign',
        path: await openRow(page, '/benefits/visual-studio', 'Visual Studio Enterprise', 'Gold Core'),
        prepare: unfold,
      },
      {
        name: '/benefits/visual-studio/requests',
        path: await openRow(page, '/benefits/visual-studio', 'Visual Studio Enterprise', 'Application Development'),
      },
      {
        name: '/benefits/technical/ids',
        path: await openRow(page, '/benefits/technical', 'Product support incidents', 'Gold Core'),
        prepare: send('show_support_ids', '.ids'),
      },
      {
        name: '/benefits/technical/processing',
        path: await openRow(page, '/benefits/technical', 'Signature cloud support', 'Gold Core'),
      },
      {
        name: '/membership/change/preview',
        path: await (async () => {
          await page.goto('/membership');
          return (await page.getByRole('link', { name: 'Change level' }).first().getAttribute('href')) ?? '';
        })(),
      },
      { name: '/benefits/go-to-market/contact', path: '/benefits/go-to-market', prepare: unfold },
      {
        name: '/benefits/go-to-market/refused',
        path: await openRow(page, '/benefits/go-to-market', 'Press release support', 'Gold Core'),
      },
      {
        name: '/account/users/roles',
        path: await (async () => {
          await page.goto('/account/users?find=Anselmsen');
          return (await page.locator('a.opener').first().getAttribute('href')) ?? '';
        })(),
      },
      { name: '/account/users/nothing-matches', path: '/account/users?find=no-such-person' },
      {
        name: '/account/users/departure/of-a-holder',
        path: await (async () => {
          await page.goto('/account/users?find=Wrzosek');
          await page.locator('a.opener').first().click();
          return (await page.getByRole('link', { name: /^Remove: / }).getAttribute('href')) ?? '';
        })(),
        prepare: async (page: Page): Promise<void> => {
          await page.locator('input[value="hand_over"]').first().check();
        },
      },
      {
        name: '/account/activity/open',
        path: await (async () => {
          await page.goto('/account/activity');
          return (await page.locator('a.opener').first().getAttribute('href')) ?? '';
        })(),
      },
      { name: '/insight/technical', path: '/insight?category=technical&span=two_years', prepare: unfold },
      { name: '/account/activity/nothing-matches', path: '/account/activity?find=no-such-person&from=2026-01-01' },
    ]);
  });

  test('for employees', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    await each({ page, signIn, hydrated, takeScreenshot, axe, scripts }, fernhollow.employee, async () => [
      { name: '/my-benefits/employee', path: '/my-benefits', prepare: unfold },
      { name: '/dashboard/employee', path: '/' },
      { name: '/requests/employee', path: '/requests' },
    ]);
  });

  test('for operators', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    await each({ page, signIn, hydrated, takeScreenshot, axe, scripts }, operators.fulfilmentAgent, async (page) => {
      const item = async (subject: string): Promise<string> => {
        await page.goto(`/operator/queue?find=${encodeURIComponent(subject)}`);
        return (await page.locator('a.opener').first().getAttribute('href')) ?? '';
      };
      return [
        { name: '/operator/queue/activation', path: await item('Signature cloud support'), prepare: unfold },
        { name: '/operator/queue/advisory', path: await item('Sizing for the order portal') },
        { name: '/operator/queue/nothing-matches', path: '/operator/queue?find=no-such-request' },
        { name: '/operator/queue/incidents', path: '/operator/queue?company=Fernhollow' },
      ];
    });
  });

  test('for the programme admin', async ({ page, signIn, hydrated, takeScreenshot, axe, scripts }) => {
    await each({ page, signIn, hydrated, takeScreenshot, axe, scripts }, operators.programmeAdmin, async (page) => {
      await page.goto('/operator/queue?kind=cancellation');
      return [
        {
          name: '/operator/queue/cancellation',
          path: (await page.locator('a.opener').first().getAttribute('href')) ?? '',
        },
        {
          name: '/operator/keys/batch',
          path: await (async () => {
            await page.goto('/operator/keys/windows_enterprise');
            return (await page.locator('a.opener').first().getAttribute('href')) ?? '';
          })(),
        },
        {
          name: '/operator/keys/key',
          path: await (async () => {
            await page.locator('a.opener').first().click();
            return (await page.locator('tr.detail td a.mono').first().getAttribute('href')) ?? '';
          })(),
        },
        { name: '/operator/grants/company', path: '/operator/grants?company=fern' },
        {
          name: '/operator/grants/product',
          path: await (async () => {
            await page.goto('/operator/organizations/fernhollow.example/grants');
            return (await page.getByRole('link', { name: /^Choose: / }).first().getAttribute('href')) ?? '';
          })(),
        },
        {
          name: '/operator/operators/open',
          path: await (async () => {
            await page.goto('/operator/operators');
            return (await page.locator('a.opener').first().getAttribute('href')) ?? '';
          })(),
        },
        { name: '/operator/insight/visual-studio', path: '/operator/insight?category=visual_studio&span=two_years' },
        { name: '/operator/outbox/nothing-matches', path: '/operator/outbox?find=nobody' },
        { name: '/operator/templates/invitation', path: '/operator/templates?kind=invitation&language=en' },
      ];
    });
  });
});
