/**
 * What the page says about each of the guard's refusals. The guard's own message stands below it: that
 * one tells a developer, this one anybody.
 */
export function refusalTitle(code) {
  return Object.hasOwn(TITLES, code) ? TITLES[code] : 'The guard refuses this';
}

const TITLES = {
  'secret-key': 'Secret key: never in a page',
  'malformed-key': 'Not an API key',
  checksum: 'Mistyped key',
  'wrong-mode': 'Key of the wrong mode',
  'invalid-options': 'This shop is set up wrongly',
  'wasm-unavailable': 'The guard can’t start here',
};
