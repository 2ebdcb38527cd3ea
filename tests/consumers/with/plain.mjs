import { project } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';

/** Nothing is built: an import map says where the package is. */
const PAGE = `<!doctype html>
<title>Shop</title>
<script type="importmap">
  { "imports": { "keyguard": "/node_modules/keyguard/index.js", "keyguard/external": "/node_modules/keyguard/external.js" } }
</script>
<script type="module" src="./main.js"></script>
`;

export default [{
  name: 'a plain page',
  serve: async (entry) => serveFolder(await project('a plain page', { entry, files: { 'index.html': PAGE } })),
}];
