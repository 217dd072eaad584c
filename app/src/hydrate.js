
// What can be read comes first: the app is asked for once the page has been painted. A page that
// nobody looks at isn't painted and needn't wait for it.
const { lang, dataset: { assets } } = document.documentElement;
let asked = false;

async function hydrate() {
  if (asked) return;
  asked = true;
  const wasm = fetch(`${assets}/benefits-center.wasm`);
  const [app, texts] = await Promise.all([import(`${assets}/benefits-center.js`), read(`texts.${lang}.txt`)]);
  await app.default({ module_or_path: wasm });
  app.hydrate(texts);
}

// Without its texts the app would empty the page; as it is, every form of it works.
async function read(name) {
  const answer = await fetch(`${assets}/${name}`);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.text();
}

if (document.hidden || !globalThis.PerformanceObserver?.supportedEntryTypes?.includes('paint')) {
  hydrate();
} else {
  new PerformanceObserver(hydrate).observe({ type: 'paint', buffered: true });
  setTimeout(hydrate, 1000);
}
