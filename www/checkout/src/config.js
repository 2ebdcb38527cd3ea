/**
 * What this page is told where it runs: the edge it pays through and its publishable key.
 *
 * @returns {Promise<{edge: string, key: string}>}
 */
export async function loadConfig() {
  const response = await fetch(new URL('config.json', document.baseURI), { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const { edge, key } = await response.json();
  if (typeof edge !== 'string' || typeof key !== 'string') throw new TypeError('config.json: `edge` and `key` are texts');
  return { edge, key };
}
