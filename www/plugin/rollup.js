// The entry `./rollup`: no build of a page ends well with a secret key in it.

import process from 'node:process';

import { Inspector } from './inspector.js';
import { Sources, reportBundle } from './sources.js';

export default function keyguard(options) {
  const inspector = new Inspector(options);
  const sources = new Sources(inspector, process.cwd());
  return {
    name: 'keyguard',

    shouldTransformCachedModule: ({ id }) => !sources.has(id),

    // Before others, so that lines and columns are those of the source.
    transform: {
      order: 'pre',
      handler(code, id) {
        sources.take(id, code);
        return null;
      },
    },

    // After others, whose additions are looked at too.
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const report = inspector.report();
        sources.tell(report, (id) => this.getModuleInfo(id) !== null);
        reportBundle(report, bundle, inspector, process.cwd());
        report.conclude(this);
      },
    },
  };
}
