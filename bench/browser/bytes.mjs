/**
 * Weighs pages: what a browser with an empty cache loads for each, as it comes over the wire (headers
 * included, compressed as sent).
 *
 *     node bytes.mjs --base URL --chromium PATH --pages /a,/b
 *
 * `/sign-in`, signed out, is weighed too. Fails where a page isn't hydrated, where script, wasm or
 * style sheet come without brotli, and where anything is written to the console.
 *
 * Prints `{pages: [{path, document: {wire, brotli}, script, wasm, style, other, total, requests,
 * files: [{path, type, encoding, bytes}]}]}`; everything in bytes. `brotli` is what the document would
 * be with brotli at its best, without headers.
 */
import { brotliCompressSync, constants } from 'node:zlib';
import { Fault, paths, run, say } from './command.mjs';
import { Watch, hydrated, open, signedIn, withBrowser, withPage } from './portal.mjs';

/** The parts of a page that have to come with brotli. */
const COMPRESSED = ['script', 'wasm', 'style'];

function weigh(browser, session, base, path) {
  return withPage(browser, session, async (page) => {
    const watch = new Watch(page);
    const client = await page.context().newCDPSession(page);
    const files = await record(client);
    await open(page, base, path);
    await hydrated(page);
    await watch.rest();
    watch.clean(path);
    const weighed = await sum(client, path, [...files.values()].filter((file) => !file.cached));
    say(`${path}: ${weighed.total} bytes in ${weighed.requests} requests`);
    return weighed;
  });
}

/** Follows every request of the page, by its id. */
async function record(client) {
  const files = new Map();
  client.on('Network.requestWillBeSent', ({ requestId, request, type }) => {
    files.set(requestId, { requestId, path: new URL(request.url).pathname, resource: type, bytes: 0 });
  });
  const follow = (event, change) =>
    client.on(event, (told) => {
      const file = files.get(told.requestId);
      if (file !== undefined) {
        change(file, told);
      }
    });
  follow('Network.requestServedFromCache', (file) => {
    file.cached = true;
  });
  follow('Network.responseReceived', (file, { response }) => {
    const encoding = Object.entries(response.headers).find(([name]) => name.toLowerCase() === 'content-encoding');
    file.encoding = encoding?.[1] ?? 'identity';
    file.media = response.mimeType;
  });
  // What has no end yet, such as live events, counts with what has come.
  follow('Network.dataReceived', (file, { encodedDataLength }) => {
    file.bytes += encodedDataLength;
  });
  follow('Network.loadingFinished', (file, { encodedDataLength }) => {
    file.bytes = encodedDataLength;
  });
  await client.send('Network.enable');
  return files;
}

function typeOf({ resource, media = '' }) {
  if (resource === 'Document') {
    return 'document';
  }
  if (media === 'application/wasm') {
    return 'wasm';
  }
  if (resource === 'Script' || media.endsWith('javascript')) {
    return 'script';
  }
  return resource === 'Stylesheet' || media === 'text/css' ? 'style' : 'other';
}

async function sum(client, path, requests) {
  const files = requests.map((request) => ({
    path: request.path,
    type: typeOf(request),
    encoding: request.encoding,
    bytes: request.bytes,
  }));
  for (const { type, encoding, path: file } of files) {
    if (COMPRESSED.includes(type) && encoding !== 'br') {
      throw new Fault(`${path}: ${file} came as ${encoding}, not with brotli`);
    }
  }
  const of = (type) => files.filter((file) => file.type === type).reduce((all, file) => all + file.bytes, 0);
  for (const type of ['document', ...COMPRESSED]) {
    if (of(type) === 0) {
      throw new Fault(`${path}: no ${type} was loaded`);
    }
  }
  return {
    path,
    document: { wire: of('document'), brotli: await compressed(client, requests) },
    script: of('script'),
    wasm: of('wasm'),
    style: of('style'),
    other: of('other'),
    total: files.reduce((all, file) => all + file.bytes, 0),
    requests: files.length,
    files,
  };
}

/** The size of the document as brotli makes it. */
async function compressed(client, requests) {
  const { requestId } = requests.find((request) => request.resource === 'Document');
  const { body, base64Encoded } = await client.send('Network.getResponseBody', { requestId });
  const bytes = Buffer.from(body, base64Encoded ? 'base64' : 'utf8');
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

await run({ pages: { type: 'string' } }, async (values) =>
  withBrowser(values.chromium, async (browser) => {
    const wanted = paths(values.pages);
    const pages = [await weigh(browser, undefined, values.base, '/sign-in')];
    const session = await signedIn(browser, values);
    for (const path of wanted) {
      pages.push(await weigh(browser, session, values.base, path));
    }
    return { pages };
  }),
);
