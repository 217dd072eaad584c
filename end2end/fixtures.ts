import AxeBuilder from '@axe-core/playwright';
import { type Browser, type Page, test as base, expect } from '@playwright/test';
import { type Account, PASSWORD } from './accounts';
import { type Mail, mailsTo } from './support/mail';
import { Portal } from './support/portal';
import { type Language, type Theme, file } from './support/screenshots';

export { expect };
export type { Account, Language, Mail, Theme };

export type Options = {
  /** Whether each test gets a server and a database of its own: for tests that leave much changed. */
  isolated: boolean;
};

type Fixtures = {
  /** The server that this test talks to. */
  portal: Portal;
  /** Whether JavaScript is on. */
  scripts: boolean;
  /** What went wrong in the browser; a test that expects something removes it. */
  faults: string[];
  /** Waits until the page can be used: taken over by the app where JavaScript is on. */
  hydrated: (page: Page) => Promise<void>;
  /** Signs in, in English unless told otherwise, and opens a page. */
  signIn: (page: Page, account: Account, options?: { language?: Language; path?: string }) => Promise<void>;
  /** Fills in and sends the sign-in form that the page shows. */
  sendSignIn: (page: Page, account: Account, password?: string) => Promise<void>;
  /** Switches the language as a reader does. */
  chooseLanguage: (page: Page, language: Language) => Promise<void>;
  /** A second browser with its own cookies, for a second person. */
  anotherPage: () => Promise<Page>;
  /** Takes the picture of the page for this address, and checks that it does not scroll sideways. */
  takeScreenshot: (page: Page, route: string, language: Language, theme: Theme) => Promise<void>;
  /** The mails to this account so far, the oldest first. */
  mails: (account: Account) => Mail[];
  /** Waits for a mail to this account whose subject or text fits. */
  mail: (account: Account, pattern: RegExp) => Promise<Mail>;
  /** Fails where the page isn't accessible. */
  axe: (page: Page) => Promise<void>;
};

type WorkerFixtures = { sharedPortal: Portal };

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Keeps what goes wrong in the page's console, scripts, assets and on the server. */
function watch(page: Page, faults: string[], portal: Portal): void {
  page.on('request', (request) => portal.secrets.ofRequest(request));
  page.on('console', (message) => {
    // The browser reports a refused form (4xx) as an error, too; answers are judged below.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    // What a page shows once is gone when the test ends.
    if (/^(?:text\/html|application\/json)/.test(response.headers()['content-type'] ?? '')) {
      portal.secrets.heard(response.text());
    }
    if (response.status() >= 500 || (response.status() >= 400 && path.startsWith('/pkg/'))) {
      faults.push(`${response.status()} for ${path}`);
    }
  });
}

/** Keeps the secrets that a page ends with: its cookies, and what it shows once. */
async function remember(page: Page, portal: Portal): Promise<void> {
  portal.secrets.ofCookies(await page.context().cookies());
  if (!page.isClosed()) {
    portal.secrets.ofText(await page.content());
  }
}

/**
 * The page as it stands, without its scripts, in a context that can run those of axe: without
 * JavaScript they would wait for ever.
 */
async function stillCopy(browser: Browser, page: Page): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: true });
  await context.addCookies(await page.context().cookies());
  const html = (await page.content()).replaceAll(/<script\b[^>]*>[\s\S]*?<\/script>/gi, '');
  const copy = await context.newPage();
  await copy.route(page.url(), (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
  await copy.goto(page.url());
  // An address with a fragment scrolls; what is above would count as hidden below the bar.
  await copy.evaluate(() => window.scrollTo(0, 0));
  return copy;
}

export const test = base.extend<Options & Fixtures, WorkerFixtures>({
  isolated: [false, { option: true }],

  browser: [
    async ({ playwright, browserName }, use) => {
      // Its process may die while it starts; nothing of the portal was looked at then.
      const launch = (): Promise<Browser> => playwright[browserName].launch();
      const browser = await launch().catch(launch);
      await use(browser);
      await browser.close();
    },
    { scope: 'worker', timeout: 60_000 },
  ],

  sharedPortal: [
    async ({}, use) => {
      const portal = await Portal.start();
      await use(portal);
      await portal.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  portal: async ({ isolated, sharedPortal }, use, testInfo) => {
    const portal = isolated ? await Portal.start() : sharedPortal;
    await use(portal);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('server log', { path: portal.log, contentType: 'text/plain' });
    }
    if (isolated) {
      await portal.stop();
    }
  },

  baseURL: async ({ portal }, use) => use(portal.address),

  scripts: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled !== false),

  faults: async ({}, use) => {
    const faults: string[] = [];
    await use(faults);
    expect(faults, 'what went wrong in the browser').toEqual([]);
  },

  page: async ({ page, faults, portal }, use) => {
    watch(page, faults, portal);
    await use(page);
    await remember(page, portal);
  },

  anotherPage: async ({ browser, faults, portal }, use) => {
    const pages: Page[] = [];
    await use(async () => {
      // The project's screen, language and JavaScript hold for every context of the test.
      const page = await (await browser.newContext()).newPage();
      watch(page, faults, portal);
      pages.push(page);
      return page;
    });
    for (const page of pages) {
      await remember(page, portal);
      await page.context().close();
    }
  },

  hydrated: async ({ scripts }, use) =>
    use(async (page) => {
      // The answer to a posted form is plain HTML, with JavaScript too.
      if (scripts && (await page.locator('head script[type="module"]').count()) > 0) {
        await expect(page.locator('html[data-hydrated]'), 'the app has taken the page over').toBeAttached({
          timeout: 20_000,
        });
      }
    }),

  sendSignIn: async ({}, use) =>
    use(async (page, account, password = PASSWORD) => {
      const form = page.locator('form', { has: page.locator('input[type="password"]') });
      await form.locator('[name="email"]').fill(account.email);
      await form.locator('input[type="password"]').fill(password);
      await form.locator('button[type="submit"]').click();
    }),

  signIn: async ({ portal, sendSignIn, hydrated, chooseLanguage }, use) =>
    use(async (page, account, { language = 'en', path = '/' } = {}) => {
      const context = page.context();
      const kept = portal.sessions.get(account.email);
      await context.clearCookies();
      if (kept !== undefined) {
        await context.addCookies(kept);
      }
      await page.goto(path);
      // No session yet, or one that a test has ended.
      if (new URL(page.url()).pathname === '/sign-in') {
        await hydrated(page);
        await sendSignIn(page, account);
        await page.waitForURL((url) => url.pathname !== '/sign-in');
        const cookies = await context.cookies();
        portal.sessions.set(
          account.email,
          cookies.filter((cookie) => cookie.name.endsWith('session')),
        );
        await page.goto(path);
      }
      await hydrated(page);
      if ((await page.locator('html').getAttribute('lang')) !== language) {
        await chooseLanguage(page, language);
        await page.goto(path);
        await hydrated(page);
      }
    }),

  chooseLanguage: async ({ hydrated }, use) =>
    use(async (page, language) => {
      const button = page.locator(`button[name="language"][value="${language}"]`).first();
      const closed = page.locator('details:not([open])', { has: button }).first();
      if ((await closed.count()) > 0) {
        await closed.locator('summary').click();
      }
      await button.click();
      await expect(page.locator(`html[lang="${language}"]`)).toBeAttached();
      await hydrated(page);
    }),

  takeScreenshot: async ({}, use) =>
    use(async (page, route, language, theme) => {
      await expect(page.locator('html'), 'the language of the page').toHaveAttribute('lang', language);
      await page.emulateMedia({ colorScheme: theme });
      const width = page.viewportSize()?.width ?? 0;
      await page.screenshot({ path: file(route, language, width, theme), fullPage: true, animations: 'disabled' });
      const excess = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(excess, `pixels by which ${route} is wider than the screen`).toBeLessThanOrEqual(0);
    }),

  mails: async ({ portal }, use) => use((account) => mailsTo(portal.mailFolder, account.email)),

  mail: async ({ mails }, use) =>
    use(async (account, pattern) => {
      const find = (): Mail | undefined =>
        mails(account).findLast((mail) => pattern.test(mail.subject) || pattern.test(mail.text));
      await expect
        .poll(() => find() !== undefined, { message: `a mail to ${account.email} with ${pattern}`, timeout: 40_000 })
        .toBe(true);
      const found = find();
      if (found === undefined) {
        throw new Error(`the mail to ${account.email} with ${pattern} is gone`);
      }
      return found;
    }),

  axe: async ({ browser, scripts }, use) =>
    use(async (page) => {
      const judged = scripts ? page : await stillCopy(browser, page);
      // The portal has no frames, for which axe would open a page of its own; what passed isn't read.
      const { violations } = await new AxeBuilder({ page: judged })
        .setLegacyMode(true)
        .options({ resultTypes: ['violations'] })
        .withTags(RULES)
        .analyze();
      if (judged !== page) {
        await judged.context().close();
      }
      const told = violations.flatMap(({ id, help, nodes }) =>
        nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}\n  ${node.html}`),
      );
      expect(told, 'what is not accessible').toEqual([]);
    }),
});
