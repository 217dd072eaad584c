/**
 * The frame of every script here: reads its arguments, writes one JSON document to the standard
 * output and everything else to the standard error.
 */
import { parseArgs } from 'node:util';

/** What every script is told. */
const COMMON = {
  /** The running portal, such as `http://127.0.0.1:40123`. */
  base: { type: 'string' },
  /** Program of a Chromium. */
  chromium: { type: 'string' },
  /** Who signs in; the Global admin of the sample programme's first company by default. */
  account: { type: 'string', default: 'maren.tolvik@fernhollow.example' },
  /** Password of whoever signs in; that of every demo account by default. */
  password: { type: 'string', default: 'benefits-demo-2020' },
};

/** What is wrong with the arguments or with what was measured; needs no stack trace. */
export class Fault extends Error {}

/**
 * Runs a script: prints what `measure` gives as JSON, or says what went wrong and ends with 1, or with
 * 2 where options are missing or unknown; without any JSON then.
 *
 * @param {Record<string, object>} options The script's own options, as `parseArgs` takes them; one
 *   without a default has to be given.
 * @param {(values: Record<string, any>) => Promise<unknown>} measure
 */
export async function run(options, measure) {
  let values;
  try {
    values = read({ ...COMMON, ...options });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  try {
    process.stdout.write(`${JSON.stringify(await measure(values))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Fault ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}

function read(options) {
  const { values } = parseArgs({ options, strict: true });
  const absent = Object.keys(options).filter((name) => values[name] === undefined);
  if (absent.length > 0) {
    throw new Fault(`missing: ${absent.map((name) => `--${name}`).join(', ')}`);
  }
  return values;
}

/**
 * Says how far a script has come.
 *
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * The paths in a list such as `/a,/b`.
 *
 * @param {string} list
 * @returns {string[]}
 */
export function paths(list) {
  const found = list.split(',').map((path) => path.trim()).filter((path) => path !== '');
  const wrong = found.find((path) => !path.startsWith('/'));
  if (found.length === 0 || wrong !== undefined) {
    throw new Fault(`\`${list}\` is no list of paths such as /a,/b`);
  }
  return found;
}

/**
 * A whole number from 1, given as an argument.
 *
 * @param {string} text
 * @param {string} name What it is, for the message.
 * @returns {number}
 */
export function count(text, name) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new Fault(`${name}: \`${text}\` is no whole number from 1`);
  }
  return number;
}
