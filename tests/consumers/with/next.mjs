import { fileURLToPath } from 'node:url';

import { project, run } from '../harness/project.mjs';
import { serveProgram } from '../harness/serve.mjs';

/** One installation of Next.js for all tests. */
const MODULES = fileURLToPath(new URL('../../exposure/next/node_modules', import.meta.url));
const NEXT = `${MODULES}/next/dist/bin/next`;
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };

const FILES = {
  'app/layout.jsx': `
export default function Layout({ children }) {
  return <html><body>{children}</body></html>;
}
`,
  'app/page.jsx': `
import { Shop } from './shop.jsx';

export const dynamic = 'force-dynamic';

export default function Page() {
  return <Shop />;
}
`,
  // Rendered on the server for each request, and taken over in the browser.
  'app/shop.jsx': `
'use client';

import { useEffect, useState } from 'react';
import { compiledAtImport, trade } from '../trade.js';
import { report, settings } from '../desk.js';

export function Shop() {
  const [outcome, setOutcome] = useState();
  useEffect(() => void settings().then(trade).then(setOutcome), []);
  useEffect(() => void (outcome && report({ ...outcome, shown: document.querySelector('output').textContent })), [outcome]);
  return <output data-compiled={compiledAtImport}>{outcome?.paid?.session}</output>;
}
`,
  // The same on the server alone.
  'app/trade/route.js': `
import { trade } from '../../trade.js';

export async function POST(request) {
  return Response.json(await trade(await request.json()));
}
`,
  'next.config.mjs': `
export default { turbopack: { root: ${JSON.stringify(fileURLToPath(new URL('../..', import.meta.url)))} } };
`,
};
const LINKS = Object.fromEntries(['next', 'react', 'react-dom'].map((name) => [`node_modules/${name}`, `${MODULES}/${name}`]));

export default [{
  name: 'Next.js 16',
  shows: true,
  async serve(entry) {
    const build = (folder) => run(NEXT, ['build'], folder, QUIET);
    const folder = await project('Next.js 16', { entry, files: FILES, links: LINKS, build });
    return serveProgram(NEXT, ['start', '--port', '0', '--hostname', '127.0.0.1'], folder, QUIET);
  },
}];
