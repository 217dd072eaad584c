import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Portal } from './portal';

/**
 * The server's clock is the real one, so a test that looks at a later day moves the dates of rows back instead.
 * Only for tests with a portal of their own (`isolated: true`).
 */

const DAY = 86_400_000;

/** A statement of SQL with a `?` for each of its values. */
export type Statement = readonly [text: string, ...values: (string | number | null)[]];

const PROGRAM = `
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
database.execute('pragma foreign_keys = on')
database.execute('begin immediate')
for text, *values in json.load(sys.stdin):
    if database.execute(text, values).rowcount < 1:
        sys.exit('no row is changed by: ' + text)
database.execute('commit')
`;

/** Runs statements on the portal's database, all or none; each of them has to change a row. */
export function shift(portal: Portal, statements: readonly Statement[]): void {
  execFileSync('python3', ['-c', PROGRAM, path.join(portal.folder, 'benefits-center.db')], {
    input: JSON.stringify(statements),
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: 30_000,
  });
}

/** By how much the zone's clocks are ahead at a moment, in milliseconds. */
function ahead(moment: number, timeZone: string): number {
  const whole = Math.floor(moment / 1000) * 1000;
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(whole);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - whole;
}

/** The last moment of the day so many days from today in the zone; negative is before. */
export function endOfDay(days: number, timeZone: string): number {
  const now = Date.now();
  const today = Math.floor((now + ahead(now, timeZone)) / DAY);
  const local = (today + days + 1) * DAY - 1;
  return local - ahead(local - ahead(local, timeZone), timeZone);
}

/** Noon, about, of the day so many days from today in the zone. */
export function noon(days: number, timeZone: string): number {
  return endOfDay(days, timeZone) - DAY / 2;
}

/** A holding of the sample programme that is in force. */
export type Held = { readonly domain: string; readonly offer: string; readonly timeZone: string };

const HOLDING = `(select h.id from holding h join offer f on f.id = h.offer_id
  join organization o on o.id = h.organization_id where o.domain = ? and f.code = ? and h.state = 'active')`;

function year(held: Held, days: number): Statement[] {
  const [anniversary, lastUse] = [endOfDay(days, held.timeZone), endOfDay(days + 30, held.timeZone)];
  const which = [held.domain, held.offer] as const;
  return [
    [
      `update holding set starts_at = ?, anniversary_at = ? where id = ${HOLDING}`,
      noon(days - 365, held.timeZone),
      anniversary,
      ...which,
    ],
    // What has no date of its own, a go-to-market benefit, keeps none.
    [
      `update benefit_grant set holding_ends_at = ?, activate_by = iif(activate_by is null, null, ?),
         expires_at = iif(expires_at is null, null, ?) where state = 'granted' and holding_id = ${HOLDING}`,
      anniversary,
      anniversary,
      lastUse,
      ...which,
    ],
  ];
}

/** Moves the year of a holding so that its last day is so many days from today; negative is over. */
export function moveYear(portal: Portal, held: Held, days: number): void {
  shift(portal, year(held, days));
}

/** Moves a holding and the next year that is paid for it so that the next one begins today. */
export function reachNextYear(portal: Portal, held: Held): void {
  shift(portal, [
    ...year(held, -1),
    [
      `update holding set starts_at = ?, anniversary_at = ? where state = 'coming' and follows_id = ${HOLDING}`,
      endOfDay(-1, held.timeZone) + 1,
      endOfDay(364, held.timeZone),
      held.domain,
      held.offer,
    ],
  ]);
}

/** Moves an order so that it was placed, and paid where it is paid, so many days ago. */
export function moveOrder(portal: Portal, number: string, daysAgo: number, timeZone: string): void {
  const then = noon(-daysAgo, timeZone);
  shift(portal, [
    [
      'update orders set ordered_at = ?, paid_at = iif(paid_at is null, null, ?) where number = ?',
      then,
      then,
      Number(number),
    ],
  ]);
}
