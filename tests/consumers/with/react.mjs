import { project } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';
import { vite } from './vite.mjs';

const FILES = {
  'index.html': `<!doctype html>
<title>Shop</title>
<div id="shop"></div>
<script type="module" src="./main.jsx"></script>
`,
  'main.jsx': `
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Shop } from './shop.jsx';

createRoot(document.getElementById('shop')).render(<StrictMode><Shop /></StrictMode>);
`,
  'shop.jsx': `
import { useEffect, useState } from 'react';
import { trade } from './trade.js';
import { report, settings } from './desk.js';

export function Shop() {
  const [outcome, setOutcome] = useState();
  useEffect(() => void settings().then(trade).then(setOutcome), []);
  useEffect(() => void (outcome && report({ ...outcome, shown: document.querySelector('output').textContent })), [outcome]);
  return <output>{outcome?.paid?.session}</output>;
}
`,
  'vite.config.js': `
import react from '@vitejs/plugin-react';

export default { plugins: [react()] };
`,
};

export default [{
  name: 'React 19',
  shows: true,
  serve: async (entry) => serveFolder(`${await project('React 19', { entry, files: FILES, ...vite })}/dist`),
}];
