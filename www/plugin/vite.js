// The entry `./vite`: what `./rollup` does, and a look at all else that Vite makes public.

import path from 'node:path';

import { contents, filesBelow } from './files.js';
import { inlined } from './inlined.js';
import { Inspector } from './inspector.js';
import { Sources, at, reportBundle } from './sources.js';

export default function keyguard(options) {
  const inspector = new Inspector(options);
  let config, sources, leaks;

  return {
    name: 'keyguard',
    enforce: 'post',
    // What stays on a server may hold secrets.
    apply: (_, { isSsrBuild }) => !isSsrBuild,
    applyToEnvironment: ({ config: { consumer } }) => consumer === 'client',

    async configResolved(resolved) {
      config = resolved;
      sources = new Sources(inspector, config.root);
      leaks = await inlined(config, inspector);
    },

    shouldTransformCachedModule: ({ id }) => !sources.has(id),

    // Before others, so that lines and columns are those of the source.
    transform: {
      order: 'pre',
      handler(code, id, { ssr } = {}) {
        const isServed = config.command === 'serve';
        if (ssr || (isServed && VITES_OWN.test(id))) return null;
        sources.take(id, code, leaks);
        if (isServed) {
          const report = inspector.report();
          for (const { findings, place } of leaks) report.add(findings, place);
          sources.tell(report, (other) => other === id);
          report.conclude({ warn: (words) => config.logger.warnOnce(words), error: (words) => this.error(words) });
        }
        return null;
      },
    },

    transformIndexHtml: {
      order: 'pre',
      handler(html, { server, filename }) {
        // A built page is among the files of the bundle.
        if (!server) return;
        const report = inspector.report();
        report.add(inspector.look(html), at(path.relative(config.root, filename)));
        report.conclude({ warn: (words) => config.logger.warnOnce(words), error: fail });
      },
    },

    // Vite copies public files before there is a bundle.
    async buildEnd(error) {
      if (error || config.command === 'serve') return;
      const report = inspector.report();
      await reportPublicFiles(report);
      report.conclude(this);
    },

    // After others, whose additions are looked at too.
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const report = inspector.report();
        for (const { findings, place } of leaks) report.add(findings, place);
        sources.tell(report, (id) => this.getModuleInfo(id) !== null);
        reportBundle(report, bundle, inspector, config.root);
        report.conclude(this);
      },
    },
  };

  async function reportPublicFiles(report) {
    const { root, publicDir, build } = config;
    if (!publicDir || !build.copyPublicDir) return;
    try {
      for await (const file of filesBelow(publicDir)) {
        report.add(await inspector.lookThrough(contents(file)), at(path.relative(root, file)));
      }
    } catch (error) {
      // A project needn't have such a folder.
      if (error.code !== 'ENOENT') throw error;
    }
  }
}

/** What shows a developer the errors, and so has to come through. */
const VITES_OWN = /\/dist\/client\/(?:client|env)\.mjs$/;

function fail(words) {
  throw new Error(words);
}
