/** The portal as the scripts use it: a browser, signing in, waiting, and what must not go wrong. */
import { chromium } from 'playwright-core';
import { Fault } from './command.mjs';

/** Chromium's flags, the same for every measurement. */
export const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

/** The screen and the reader. */
const CONTEXT = { viewport: { width: 1280, height: 900 }, locale: 'en-US', timezoneId: 'Europe/Oslo' };

/** How long a page may take to load or to be hydrated, throttled and on a busy machine. */
const LOAD_LIMIT = 60_000;

/** Nothing has happened for so long: the page has come to rest. */
const QUIET = 400;
const REST_LIMIT = 60_000;

/**
 * Starts a browser, hands it over, and ends it.
 *
 * @template T
 * @param {string} executablePath
 * @param {(browser: import('playwright-core').Browser) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withBrowser(executablePath, use) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Hands over an empty page of a context of its own: nothing is cached.
 *
 * @template T
 * @param {import('playwright-core').Browser} browser
 * @param {object | undefined} session What {@link signedIn} gave; signed out without it.
 * @param {(page: import('playwright-core').Page) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withPage(browser, session, use) {
  const context = await browser.newContext({ ...CONTEXT, storageState: session });
  try {
    return await use(await context.newPage());
  } finally {
    await context.close();
  }
}

/**
 * Signs in and gives the session, for {@link withPage}.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {{ base: string, account: string, password: string }} who
 * @returns {Promise<object>}
 */
export function signedIn(browser, who) {
  return withPage(browser, undefined, async (page) => {
    await signIn(page, who);
    return page.context().storageState();
  });
}

/**
 * Signs in as a reader does.
 *
 * @param {import('playwright-core').Page} page
 * @param {{ base: string, account: string, password: string }} who
 */
async function signIn(page, { base, account, password }) {
  await open(page, base, '/sign-in');
  await hydrated(page);
  const form = page.locator('form', { has: page.locator('input[type="password"]') });
  await form.locator('[name="email"]').fill(account);
  await form.locator('input[type="password"]').fill(password);
  await form.locator('button[type="submit"]').click();
  await page
    .waitForURL((url) => url.pathname !== '/sign-in', { timeout: LOAD_LIMIT })
    .catch(() => {
      throw new Fault(`${account} could not sign in: ${base}/sign-in still shows`);
    });
}

/**
 * Opens a page and makes sure that it is the one that was meant: whoever isn't signed in, or may not
 * see it, would measure another one.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} base
 * @param {string} path
 */
export async function open(page, base, path) {
  const wanted = new URL(path, base);
  const response = await page.goto(wanted.href, { timeout: LOAD_LIMIT }).catch((error) => {
    throw new Fault(`${wanted.href} did not open: ${error.message.split('\n')[0]}`);
  });
  const came = new URL(page.url()).pathname;
  if (response?.status() !== 200 || came !== wanted.pathname) {
    throw new Fault(`${path} answered ${response?.status()} with ${came}`);
  }
}

/**
 * Waits until the app has taken the page over, without anything that runs again and again and would
 * be measured, too.
 *
 * @param {import('playwright-core').Page} page
 */
export async function hydrated(page) {
  if (!(await page.evaluate(marked, LOAD_LIMIT))) {
    throw new Fault(`${page.url()} was not hydrated within ${LOAD_LIMIT / 1000} s`);
  }
}

/** Runs in the page: waits for the app's mark, at most so many milliseconds. */
function marked(limit) {
  const root = document.documentElement;
  const is = () => root.hasAttribute('data-hydrated');
  return new Promise((resolve) => {
    const changes = new MutationObserver(() => is() && resolve(true));
    changes.observe(root, { attributeFilter: ['data-hydrated'] });
    setTimeout(() => resolve(is()), limit);
    if (is()) {
      resolve(true);
    }
  });
}

/**
 * Proves that the app has the page: a link of the menu leads on without loading a document. The page
 * is another one afterwards.
 *
 * @param {import('playwright-core').Page} page
 */
export async function provesHydration(page) {
  const before = await page.evaluate(() => ({ origin: performance.timeOrigin, path: location.pathname }));
  const link = page.locator('nav a[href^="/"]:not([aria-current])').filter({ visible: true }).first();
  await link.click();
  await page
    .waitForURL((url) => url.pathname !== before.path, { timeout: LOAD_LIMIT })
    .catch(() => {
      throw new Fault(`${before.path}: a click on the menu led nowhere`);
    });
  if ((await page.evaluate(() => performance.timeOrigin)) !== before.origin) {
    throw new Fault(`${before.path} is not hydrated: a click on the menu loaded a document`);
  }
}

/**
 * Keeps what goes wrong on a page, and whether requests are under way. Has to begin before the page
 * is opened.
 */
export class Watch {
  #faults = [];
  #underWay = new Set();

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    page.on('console', (message) => this.#faults.push(`console (${message.type()}): ${message.text()}`));
    page.on('pageerror', (error) => this.#faults.push(`script: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) {
        this.#faults.push(`${response.status()} for ${new URL(response.url()).pathname}`);
      }
    });
    // Live events come for as long as the page is open.
    page.on('request', (request) => {
      if (request.resourceType() !== 'eventsource') {
        this.#underWay.add(request);
      }
    });
    page.on('requestfinished', (request) => this.#underWay.delete(request));
    page.on('requestfailed', (request) => this.#underWay.delete(request));
  }

  /**
   * Waits until the page has come to rest: no request is under way and nothing changes any more, so
   * that what comes next is measured alone.
   */
  async rest() {
    const end = Date.now() + REST_LIMIT;
    do {
      if (Date.now() > end) {
        throw new Fault(`${this.page.url()} did not come to rest within ${REST_LIMIT / 1000} s`);
      }
      await this.page.evaluate(unchanged, QUIET);
    } while (this.#underWay.size > 0);
  }

  /**
   * Fails if anything went wrong, a word in the console included.
   *
   * @param {string} during What was measured.
   */
  clean(during) {
    if (this.#faults.length > 0) {
      throw new Fault(`${during}:\n  ${this.#faults.join('\n  ')}`);
    }
  }
}

/** Runs in the page: waits until nothing in the document has changed for so many milliseconds. */
function unchanged(quiet) {
  return new Promise((resolve) => {
    const done = () => {
      changes.disconnect();
      resolve();
    };
    let timer = setTimeout(done, quiet);
    const changes = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(done, quiet);
    });
    changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
}
