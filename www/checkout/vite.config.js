// The page is built once and told at run time (config.json) which edge and key it uses. Only the
// content security policy must name the edge when it is built and served.
import { defineConfig } from 'vite';

const edgeOrigin = origin('KEYGUARD_EDGE_ORIGIN', 'http://localhost:8787');

const directives = [
  "default-src 'none'",
  // The guard is WebAssembly; nothing else is evaluated, and no script or style is inline.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  `connect-src 'self' ${edgeOrigin}`,
  "base-uri 'none'",
  "form-action 'self'",
];

export default defineConfig({
  // The page works from any folder of any server.
  base: './',
  // One page: what isn't there is 404, not that page again.
  appType: 'mpa',
  build: {
    target: 'es2022',
    // Every browser of that target knows modulepreload.
    modulePreload: { polyfill: false },
    // `data:` URLs in style sheets and scripts would hide what a page loads.
    assetsInlineLimit: 0,
  },
  preview: {
    host: 'localhost',
    port: Number(process.env.KEYGUARD_PAGE_PORT ?? 8789),
    strictPort: true,
    headers: {
      // Browsers ignore frame-ancestors in a <meta>, so the header alone has it.
      'Content-Security-Policy': [...directives, "frame-ancestors 'none'"].join('; '),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Referrer-Policy': 'strict-origin-when-cross-origin',
      'X-Content-Type-Options': 'nosniff',
    },
  },
  plugins: [
    {
      name: 'content-security-policy',
      apply: 'build',
      // First in <head>: a policy holds for what follows it.
      transformIndexHtml: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: directives.join('; ') },
          injectTo: 'head-prepend',
        },
      ],
    },
  ],
});

/** An origin from the environment: anything more would be a policy of another meaning. */
function origin(name, otherwise) {
  const text = process.env[name] ?? otherwise;
  const url = URL.parse(text);
  if (url === null || url.origin !== text.replace(/\/$/, '')) {
    throw new Error(`${name} is no origin (like ${otherwise}): ${text}`);
  }
  return url.origin;
}
