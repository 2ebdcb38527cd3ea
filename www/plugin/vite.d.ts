import type { KeyguardPlugin, KeyguardPluginOptions } from './rollup.js';

export type { KeyguardPlugin, KeyguardPluginOptions };

/**
 * Ends a build, or shows an error in development, when a secret key would become public: in a module, a chunk, an asset, a public
 * file, a definition or a variable of the environment that Vite inlines. The error names the places, and no key.
 *
 * @throws {TypeError} if an option is something else than these.
 */
export default function keyguard(options?: KeyguardPluginOptions): KeyguardPlugin;
