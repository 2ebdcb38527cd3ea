import { installed, project, run } from '../harness/project.mjs';
import { serveFolder, serveProgram } from '../harness/serve.mjs';

const viteBuild = (folder, vite) => run(installed(`${vite}/bin/vite.js`), ['build', '--logLevel', 'warn'], folder);

export const vite = { build: (folder) => viteBuild(folder, 'vite') };

const built = (name, vite) => ({
  name,
  async serve(entry) {
    return serveFolder(`${await project(name, { entry, build: (folder) => viteBuild(folder, vite) })}/dist`);
  },
});

const served = (name, vite, files = {}) => ({
  name,
  async serve(entry) {
    const folder = await project(name, { entry, files });
    return serveProgram(installed(`${vite}/bin/vite.js`), ['--host', '127.0.0.1', '--port', '0'], folder);
  },
});

export default [
  built('Vite 8', 'vite'),
  served('Vite 8 in development', 'vite'),
  built('Vite 7', 'vite7'),
  // Bundled ahead, the package would look for its file beside the bundle.
  served('Vite 7 in development', 'vite7', { 'vite.config.js': "export default { optimizeDeps: { exclude: ['keyguard'] } };\n" }),
];
