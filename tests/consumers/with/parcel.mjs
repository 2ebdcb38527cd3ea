import { installed, project, run } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';

export const parcel = {
  build: (folder) => run(installed('parcel/lib/bin.js'), ['build', 'index.html', '--cache-dir', 'cache', '--no-source-maps'], folder),
};

export default [{
  name: 'Parcel 2',
  serve: async (entry) => serveFolder(`${await project('Parcel 2', { entry, ...parcel })}/dist`),
}];
