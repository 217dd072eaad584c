/**
 * Judges pages with Lighthouse as on a phone (its defaults: simulated slow network and processor), as
 * whoever signed in sees them; `/sign-in` signed out.
 *
 *     node lighthouse.mjs --base URL --chromium PATH --pages /a,/b
 *
 * Prints `{pages: [{path, performance, accessibility, best_practices, failed: [{category, id, title,
 * displayValue, weight, elements}]}]}`: scores from 0 to 100, and what was not passed; what weighs 0
 * doesn't change a score. `elements` are the first places where something is wrong.
 */
import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { chromium } from 'playwright-core';
import { Fault, paths, run, say } from './command.mjs';
import { FLAGS, signedIn, withBrowser } from './portal.mjs';

/** The page of whoever isn't signed in. */
const SIGN_IN = '/sign-in';
const SIGNED_OUT = { cookies: [] };

/** Lighthouse's names of the categories. */
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];

const PAGE_LIMIT = 120_000;

/**
 * On a busy machine the page's process may begin before it is traced, which Lighthouse gives up with
 * `NO_NAVSTART`; so a page that it gives up is tried again, in a new browser.
 */
const TRIES = 5;

/** What Lighthouse gives up because of the page itself. */
const REFUSALS = ['ERRORED_DOCUMENT_REQUEST', 'FAILED_DOCUMENT_REQUEST'];

/** What passes by Lighthouse's own measure. */
const PASSED = 0.9;

/** So many places are told for each finding. */
const PLACES = 5;

async function judged(values, session, path) {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await withBrowserOf(values.chromium, session, (port) => judge(values.base, path, port));
    } catch (error) {
      if (error instanceof Fault || left === 0) {
        throw error;
      }
      say(`${path} is tried again: ${error.message}`);
    }
  }
}

/** Hands over the port of a browser with this session; nobody but Lighthouse watches it by then. */
async function withBrowserOf(chromePath, session, use) {
  const browser = await launch({ chromePath, chromeFlags: [...FLAGS, '--headless=new'], logLevel: 'error' });
  // The browser has a process group of its own, which ends with nobody else.
  const stop = () => {
    browser.kill();
    process.exit(1);
  };
  process.once('SIGTERM', stop);
  try {
    const connected = await chromium.connectOverCDP(`http://127.0.0.1:${browser.port}`);
    await connected.contexts()[0].addCookies(session.cookies);
    await connected.close();
    return await use(browser.port);
  } finally {
    process.off('SIGTERM', stop);
    browser.kill();
  }
}

async function judge(base, path, port) {
  const wanted = new URL(path, base);
  const { lhr } = await inTime(path, lighthouse(wanted.href, { port, logLevel: 'error', onlyCategories: CATEGORIES }));
  if (lhr.runtimeError !== undefined) {
    const { code, message } = lhr.runtimeError;
    throw new (REFUSALS.includes(code) ? Fault : Error)(`${path}: ${code}: ${message}`);
  }
  lhr.runWarnings.forEach((warning) => say(`${path}: ${warning}`));
  const came = new URL(lhr.finalDisplayedUrl).pathname;
  if (came !== wanted.pathname) {
    throw new Fault(`${path} led to ${came}`);
  }
  const [performance, accessibility, bestPractices] = CATEGORIES.map((id) => score(path, lhr.categories[id]));
  say(`${path}: ${performance} performance, ${accessibility} accessibility, ${bestPractices} best practices`);
  return {
    path,
    performance,
    accessibility,
    best_practices: bestPractices,
    failed: CATEGORIES.flatMap((id) => failed(lhr, id)),
  };
}

async function inTime(path, judging) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${path} took longer than ${PAGE_LIMIT / 1000} s`)), PAGE_LIMIT);
  });
  // Given up, it fails once its browser is gone: nobody waits for that any more.
  judging.catch(() => undefined);
  try {
    return await Promise.race([judging, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function score(path, { title, score }) {
  if (score === null) {
    throw new Error(`${path}: Lighthouse could not judge ${title}`);
  }
  return Math.round(score * 100);
}

function failed(lhr, category) {
  return lhr.categories[category].auditRefs
    .map(({ id, weight }) => ({ weight, audit: lhr.audits[id] }))
    .filter(({ audit }) => audit.scoreDisplayMode === 'error' || (audit.score !== null && audit.score < PASSED))
    .map(({ weight, audit: { id, title, displayValue = '', errorMessage, details } }) => ({
      category,
      id,
      title,
      displayValue: errorMessage ?? displayValue,
      weight,
      elements: places(details),
    }));
}

/** Where a finding is, in words; lists hold tables, and other forms name no places. */
function places(details) {
  const items = Array.isArray(details?.items) ? details.items : [];
  return items
    .flatMap((item) => {
      const within = item.type === 'list-section' ? item.value : item;
      return within.items === undefined ? place(within) : places(within);
    })
    .slice(0, PLACES);
}

function place(item) {
  const node = item.type === 'node' ? item : item.node;
  if (node !== undefined) {
    return [`${node.selector} ${node.snippet}`];
  }
  const told = [item.description, item.source, item.url, item.source?.url, item.scriptUrl, item.reason];
  const text = told.find((one) => typeof one === 'string');
  return text === undefined ? [] : [text];
}

await run({ pages: { type: 'string' } }, async (values) => {
  const wanted = paths(values.pages);
  const session = await withBrowser(values.chromium, (browser) => signedIn(browser, values));
  const pages = [];
  for (const path of wanted) {
    pages.push(await judged(values, path === SIGN_IN ? SIGNED_OUT : session, path));
  }
  return { pages };
});
