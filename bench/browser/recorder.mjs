/** What is measured inside of a page, and how it is asked for from outside. */
import { Fault } from './command.mjs';

/** Shorter durations are not told by the browser: the least threshold there is. */
const SHORTEST = 16;

/** How long something that was pressed may take to show. */
const SHOW_LIMIT = 60_000;

/**
 * Measures the pages that open in this tab from their first moment. Has to be called before a page
 * is opened.
 *
 * @param {import('playwright-core').Page} page
 */
export async function measure(page) {
  await page.addInitScript(observe, SHORTEST);
}

/** Runs in the page before its own scripts; knows nothing of this file. */
function observe(shortest) {
  const recorder = { hydrated: null, longTasks: [], steps: [], interactions: [], timed: null };
  window.benefitsBench = recorder;

  const observers = [];
  const each = (options, keep) => {
    const take = (entries) => entries.forEach(keep);
    const observer = new PerformanceObserver((list) => take(list.getEntries()));
    observer.observe({ buffered: true, ...options });
    observers.push(() => take(observer.takeRecords()));
  };
  each({ type: 'longtask' }, ({ startTime, duration }) => recorder.longTasks.push({ startTime, duration }));
  const keep = ({ name, startTime, duration, interactionId }) => {
    // Moving the mouse is no interaction.
    if (interactionId > 0) {
      recorder.interactions.push({ name, startTime, duration });
    }
  };
  each({ type: 'event', durationThreshold: shortest }, keep);
  each({ type: 'first-input' }, keep);
  /** Takes what the observers have not told yet. */
  recorder.take = () => observers.forEach((take) => take());

  const marked = new MutationObserver(() => {
    if (document.documentElement?.hasAttribute('data-hydrated')) {
      recorder.hydrated = performance.now();
      marked.disconnect();
    }
  });
  marked.observe(document, { subtree: true, attributeFilter: ['data-hydrated'] });

  /** Times from the next click until an element like this, with this text, has been painted. */
  recorder.time = ({ selector, text }) => {
    const there = () =>
      [...document.querySelectorAll(selector)].find((element) => element.textContent.includes(text));
    recorder.timed = new Promise((resolve, reject) => {
      if (there()) {
        reject(new Error(`${selector} with "${text}" shows already`));
      }
      const clicked = (click) => {
        const changes = new MutationObserver(() => {
          if (there()) {
            changes.disconnect();
            // The second frame begins once the first, which shows the change, has been painted.
            requestAnimationFrame(() =>
              requestAnimationFrame(() => {
                const shown = (there()?.getClientRects().length ?? 0) > 0;
                // The click's own time is that of the mouse: what kept it waiting counts.
                resolve({ shown, duration: performance.now() - click.timeStamp });
              }),
            );
          }
        });
        changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      };
      addEventListener('click', clicked, { capture: true, once: true });
    });
    // Whoever waits for it hears of the failure.
    recorder.timed.catch(() => undefined);
  };
}

/**
 * Names what is done from now on, until the next name.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name
 */
export async function step(page, name) {
  await page.evaluate((name) => window.benefitsBench.steps.push({ name, start: performance.now() }), name);
}

/**
 * Times a click until what it leads to has been painted.
 *
 * @param {import('playwright-core').Page} page
 * @param {{ selector: string, text: string }} target What is to show; must not be there yet.
 * @param {() => Promise<void>} press Clicks once.
 * @returns {Promise<number>} Milliseconds.
 */
export async function untilShown(page, target, press) {
  await page.evaluate((target) => window.benefitsBench.time(target), target);
  await press();
  const limit = new Promise((resolve) => setTimeout(resolve, SHOW_LIMIT).unref());
  const timed = await Promise.race([page.evaluate(() => window.benefitsBench.timed), limit]);
  if (timed === undefined || !timed.shown) {
    throw new Fault(`${target.selector} with "${target.text}" did not show after the click`);
  }
  return timed.duration;
}

/**
 * What the page's load cost: when it was hydrated, and its longest task until now.
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ hydrated: number, longestTask: number }>} Milliseconds. Tasks of less than 50
 *   are not told: 0 means that none was longer.
 */
export async function load(page) {
  const { hydrated, longTasks } = await taken(page);
  if (hydrated === null) {
    throw new Fault(`${page.url()} was not hydrated`);
  }
  return { hydrated, longestTask: Math.max(0, ...longTasks.map((task) => task.duration)) };
}

/**
 * The longest duration of each step's interactions: until the next frame is painted. A step of which
 * none took long enough to be told of is not listed.
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ name: string, duration: number }[]>} The longest first.
 */
export async function interactions(page) {
  const { steps, interactions: told } = await taken(page);
  const longest = new Map();
  for (const { startTime, duration } of told) {
    const { name } = steps.findLast(({ start }) => start <= startTime) ?? { name: 'before' };
    longest.set(name, Math.max(longest.get(name) ?? 0, duration));
  }
  return [...longest]
    .map(([name, duration]) => ({ name, duration }))
    .sort((one, other) => other.duration - one.duration);
}

function taken(page) {
  return page.evaluate(() => {
    const { take, hydrated, longTasks, steps, interactions } = window.benefitsBench;
    take();
    return { hydrated, longTasks, steps, interactions };
  });
}
