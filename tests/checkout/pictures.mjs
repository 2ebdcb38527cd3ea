// Pictures of the page that are the same on every machine: its texts in fonts that come with the tests, and what changes
// from run to run in place of what changed.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/** Of the pixels this part may look different: what another build of Chromium draws otherwise, and less than a word. */
const TOLERANCE = 0.000_2;

/** What no two runs show alike, and what the pictures show instead. */
const VARYING = [
  ['ps_[0-9a-f]{32}', 'ps_1c9395dd04924f7dac451744c99f7eb9'],
  ['[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '7d0f2a64-3c1e-4b8f-9a55-0c6e2f8d1b37'],
  ['\\b([ps]k_(?:test_)?)[0-9A-Za-z]{32}\\b', '$1WeHsNn87r4gtNc5BQT9MjWeHsNn87r4g'],
  ['\\d{1,2}:\\d{2}:\\d{2} [AP]M', '10:24:07 AM'],
  ['\\d+\\.\\d s\\b', '1.0 s'],
  ['localhost:\\d+', 'localhost:8787'],
];

/** Draws an element, or the whole page. */
export async function draw(page, selector) {
  await page.addStyleTag({ content: await fonts() });
  await page.evaluate(async (varying) => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      let text = texts.currentNode.data;
      for (const [pattern, fixed] of varying) text = text.replace(new RegExp(pattern, 'g'), fixed);
      if (text !== texts.currentNode.data) texts.currentNode.data = text;
    }
    document.activeElement?.blur();
    await document.fonts.ready;
  }, VARYING);
  await page.mouse.move(0, 0);
  const options = { animations: 'disabled', caret: 'hide', scale: 'css' };
  return selector ? page.locator(selector).screenshot(options) : page.screenshot({ ...options, fullPage: true });
}

/** Which part of two pictures' pixels differs, and a picture of it. Pictures of other sizes differ whole. */
export function difference(one, other) {
  const [a, b] = [PNG.sync.read(one), PNG.sync.read(other)];
  if (a.width !== b.width || a.height !== b.height) return { part: 1, picture: other };
  const diff = new PNG({ width: a.width, height: a.height });
  const pixels = pixelmatch(a.data, b.data, diff.data, a.width, a.height, { threshold: 0.2 });
  return { part: pixels / (a.width * a.height), picture: PNG.sync.write(diff) };
}

/** Whether two pictures show the same. */
export function isAlike({ part }) {
  return part <= TOLERANCE;
}

/** Compares a picture with the file that shows how it should be; with `KEYGUARD_PICTURES=write` that file is made anew. */
export async function compare(picture, file, failures) {
  if (process.env.KEYGUARD_PICTURES === 'write') {
    await mkdir(path.dirname(file), { recursive: true });
    return writeFile(file, picture);
  }
  const expected = await readFile(file).catch(() => undefined);
  const found = expected ? difference(expected, picture) : { part: 1, picture };
  if (isAlike(found)) return undefined;
  await mkdir(failures, { recursive: true });
  const name = path.join(failures, path.basename(file, '.png'));
  await writeFile(`${name}.png`, picture);
  await writeFile(`${name}.difference.png`, found.picture);
  throw new Error(
    `${path.basename(file)}: ${(found.part * 100).toFixed(2)} % of the pixels differ. Look at ${name}.png and ${name}.difference.png; ` +
      'if the new one is right, KEYGUARD_PICTURES=write makes the files anew',
  );
}

/** The fonts of the pictures, inlined: no machine's own set decides what they look like. */
async function fonts() {
  const require = createRequire(import.meta.url);
  const faces = [
    ['Pictured', '400', '@fontsource/inter/files/inter-latin-400-normal.woff2'],
    ['Pictured', '500 900', '@fontsource/inter/files/inter-latin-600-normal.woff2'],
    ['Pictured mono', '100 900', '@fontsource/jetbrains-mono/files/jetbrains-mono-latin-400-normal.woff2'],
  ];
  const rules = faces.map(async ([family, weight, file]) => {
    const data = (await readFile(require.resolve(file))).toString('base64');
    return `@font-face { font-family: '${family}'; font-weight: ${weight}; src: url(data:font/woff2;base64,${data}); }`;
  });
  return `${(await Promise.all(rules)).join('\n')}
    body, button, input { font-family: 'Pictured' !important; }
    code, .key-input { font-family: 'Pictured mono' !important; }`;
}
