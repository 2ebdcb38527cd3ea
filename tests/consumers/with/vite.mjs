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

const served = (name, vite) => ({
  name,
  async serve(entry) {
    const folder = await project(name, { entry });
    return serveProgram(installed(`${vite}/bin/vite.js`), ['--host', '127.0.0.1', '--port', '0'], folder);
  },
});

export default [
  built('Vite 8', 'vite'),
  served('Vite 8 in development', 'vite'),
  built('Vite 7', 'vite7'),
  served('Vite 7 in development', 'vite7'),
];
