/**
 * Measures how quickly the portal answers: opening a row, assigning a seat, the slowest of everything
 * one does there (INP), and what taking a page over costs.
 *
 *     node interaction.mjs --base URL --chromium PATH --path /benefits/visual-studio --rows 50 \
 *       --throttle 1,4 --runs 5 [--hydrate PATH=ROWS]...
 *
 * Every run is a browser with an empty cache, at each rate by which the processor is slowed down. The
 * first row of `--path` that has a seat and a person to give it to is used; the seat is free again
 * after each run. Fails where fewer rows show, where a page isn't hydrated, where a click doesn't do
 * what it should, and where anything is written to the console.
 *
 * Prints `{interactions: [{throttle, open, assign, inp, worst}], hydration: [{throttle, path, rows,
 * longest_task, hydrated}]}`, with `{median, min, max}` in milliseconds: from the click to the painted
 * result for `open` and `assign`, to the next painted frame for `inp`, the longest task of the whole
 * load (0 if none took 50) and the time to hydration since the navigation. `worst` names the step
 * that had the longest of all runs. `--path` is the first under `hydration`, too.
 */
import { Fault, count, paths, run, say } from './command.mjs';
import { spread, tenth } from './figures.mjs';
import { Watch, hydrated, open, provesHydration, signedIn, withBrowser, withPage } from './portal.mjs';
import { interactions, load, measure, step, untilShown } from './recorder.mjs';

/** Between two keys, as somebody types who is quick. */
const KEY_PAUSE = 80;

/** So many rows are looked at for one with a free seat. */
const ROWS_TRIED = 10;

/** A page's own rows; tables in an open row are another matter. */
const ROWS = 'main tbody > tr:not(.detail):not(tr.detail tr)';

function pathAndRows(pair) {
  const [, path, rows] = /^(\/.*)=(\d+)$/.exec(pair) ?? [];
  if (path === undefined) {
    throw new Fault(`--hydrate: \`${pair}\` is no pair such as /requests=50`);
  }
  return { path, rows: Number(rows) };
}

async function repeat(times, measured) {
  const all = [];
  while (all.length < times) {
    all.push(await measured());
  }
  return all;
}

function ofInteractions(throttle, all) {
  const slowest = all.map(({ steps }) => steps[0]);
  const worst = slowest.reduce((one, other) => (other.duration > one.duration ? other : one));
  return {
    throttle,
    open: spread(all.map((one) => one.open)),
    assign: spread(all.map((one) => one.assign)),
    inp: spread(slowest.map((one) => one.duration)),
    worst: worst.name,
  };
}

function ofHydration(throttle, path, all) {
  return {
    throttle,
    path,
    rows: Math.min(...all.map((one) => one.rows)),
    longest_task: spread(all.map((one) => one.longestTask)),
    hydrated: spread(all.map((one) => one.hydrated)),
  };
}

/**
 * Opens a page with an empty cache, measures its load, checks its rows, and goes on with it.
 *
 * @returns What was measured, together with what `use` gives.
 */
async function measuredLoad(page, base, { path, rows }, throttle, use) {
  const during = `${path} at ${throttle}x`;
  const watch = new Watch(page);
  await measure(page);
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: throttle });
  await open(page, base, path);
  await hydrated(page);
  await watch.rest();
  const cost = await load(page);
  const shown = await page.locator(ROWS).filter({ visible: true }).count();
  if (shown < rows) {
    throw new Fault(`${path} shows ${shown} rows, not ${rows}`);
  }
  watch.clean(`loading ${during}`);
  say(`${during}: ${shown} rows, hydrated after ${tenth(cost.hydrated)} ms, longest task ${cost.longestTask} ms`);
  const used = await use(page, watch);
  await watch.rest();
  watch.clean(`using ${during}`);
  return { ...cost, rows: shown, ...used };
}

/** The parts of the page that are used. */
function parts(page) {
  const detail = page.locator('tr.detail');
  return {
    detail,
    openers: page.locator(`${ROWS} a.opener`),
    people: detail.locator('input[role="combobox"]'),
    options: detail.locator('[role="listbox"] [role="option"]'),
    assign: detail.getByRole('button', { name: 'Assign user', exact: true }),
    holder: (email) => page.locator(HOLDER, { has: page.locator('th', { hasText: email }) }),
    find: page.locator('search input[type="search"]'),
    heads: page.locator('main thead th a'),
  };
}

/** The rows of those who have a seat of the open row. */
const HOLDER = 'tr.detail tbody tr[id]';

/** Looks for a row with a seat that somebody can have. */
async function findSeat(page, watch) {
  const { detail, openers, people, options: listed } = parts(page);
  const tried = Math.min(ROWS_TRIED, await openers.count());
  for (let at = 0; at < tried; at += 1) {
    await openers.nth(at).click();
    await detail.waitFor();
    await watch.rest();
    if ((await people.count()) > 0) {
      await people.click();
      await watch.rest();
      // Whoever has a note, such as an invitation that waits, is left alone.
      const free = listed.and(page.locator(':not([aria-disabled]):not(:has(> :nth-child(3)))')).first();
      if ((await free.count()) > 0) {
        const row = await page.locator(ROWS).nth(at).getAttribute('id');
        const benefit = await openers.nth(at).getAttribute('aria-label');
        const name = await free.locator('span').first().innerText();
        const email = await free.locator('small').innerText();
        return { seat: { row, benefit, name, email } };
      }
    }
    await openers.nth(at).click();
    await detail.waitFor({ state: 'detached' });
  }
  throw new Fault(`none of the first ${tried} rows of ${page.url()} has a seat to assign`);
}

/** Everything one does with a seat, until it is free again. */
async function useSeat(page, watch, seat) {
  const { detail, people, options: listed, assign, holder, find, heads } = parts(page);
  const opener = page.locator(`tr[id="${seat.row}"] a.opener`);
  /** Does one thing, once everything before has come to rest. */
  const as = async (name, act) => {
    await watch.rest();
    await step(page, name);
    return act();
  };

  const opened = await as('open the row', () => timedClick(page, opener, { selector: 'tr.detail', text: '' }));
  await as('close the row', async () => {
    await click(opener);
    await detail.waitFor({ state: 'detached' });
  });
  await as('open the row again', async () => {
    await click(opener);
    await detail.waitFor();
  });
  await as('go to the people', async () => {
    await click(people);
    await listed.first().waitFor();
  });
  const person = listed.filter({ hasText: seat.email });
  await as('type a name', async () => {
    await page.keyboard.type(seat.name, { delay: KEY_PAUSE });
    // The list has been searched once what was typed stands out in it.
    await person.locator('mark').first().waitFor();
  });
  await as('choose a person', async () => {
    await click(person);
    await detail.locator('.chosen').getByText(seat.name).waitFor();
  });
  const assigned = await as('assign', () => timedClick(page, assign, { selector: `${HOLDER} > th`, text: seat.email }));
  const dialog = page.locator('dialog:modal');
  await as('ask to remove', async () => {
    await click(holder(seat.email).locator('details.confirm > summary'));
    await dialog.waitFor();
  });
  await as('remove', async () => {
    await click(dialog.locator('form button[type="submit"]'));
    await holder(seat.email).waitFor({ state: 'detached' });
  });
  await as('sort', async () => {
    await click(heads.nth(1));
    await page.locator('main thead th:nth-child(2)[aria-sort]').waitFor();
  });
  await as('go to the filter', () => click(find));
  await as('type into the filter', async () => {
    await page.keyboard.type(seat.name.slice(0, 3), { delay: KEY_PAUSE });
    await page.waitForURL(/[?&]find=/);
  });
  await watch.rest();

  const steps = await interactions(page);
  if (steps.length === 0) {
    throw new Fault('the browser told of no interaction');
  }
  say(
    `  open ${tenth(opened)} ms, assign ${tenth(assigned)} ms; ` +
      steps.map(({ name, duration }) => `${name} ${duration}`).join(', '),
  );
  return { open: opened, assign: assigned, steps };
}

/** Clicks without a check in the same moment, which would be measured as well: it is made before. */
async function click(target) {
  await target.click({ trial: true });
  await target.click({ force: true });
}

async function timedClick(page, target, shows) {
  await target.click({ trial: true });
  return untilShown(page, shows, () => target.click({ force: true }));
}

const options = {
  path: { type: 'string', default: '/benefits/visual-studio' },
  rows: { type: 'string', default: '50' },
  throttle: { type: 'string', default: '1,4' },
  runs: { type: 'string', default: '5' },
  hydrate: { type: 'string', multiple: true, default: [] },
};

await run(options, async (values) => {
  const runs = count(values.runs, '--runs');
  const throttles = values.throttle.split(',').map((rate) => count(rate, '--throttle'));
  const [path] = paths(values.path);
  const main = { path, rows: count(values.rows, '--rows') };
  const others = values.hydrate.map(pathAndRows);
  return withBrowser(values.chromium, async (browser) => {
    const session = await signedIn(browser, values);
    /** Loads a page and measures that; `use` goes on with it. */
    const loaded = (target, throttle, use) =>
      withPage(browser, session, (page) => measuredLoad(page, values.base, target, throttle, use));

    const { seat } = await loaded(main, 1, findSeat);
    say(`${path}: ${seat.benefit}: a seat for ${seat.name}`);
    const told = { interactions: [], hydration: [] };
    for (const throttle of throttles) {
      const all = await repeat(runs, () => loaded(main, throttle, (page, watch) => useSeat(page, watch, seat)));
      told.interactions.push(ofInteractions(throttle, all));
      told.hydration.push(ofHydration(throttle, path, all));
    }
    for (const target of others) {
      for (const throttle of throttles) {
        const all = await repeat(runs, () => loaded(target, throttle, provesHydration));
        told.hydration.push(ofHydration(throttle, target.path, all));
      }
    }
    return told;
  });
});
