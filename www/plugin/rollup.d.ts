/** What a project asks of the plugin. */
export interface KeyguardPluginOptions {
  /** Fingerprints of what looks like a key and is none, as reports name them. */
  readonly allow?: readonly string[] | undefined;
  /** Whether to look for the secret keys of other vendors, too; `true` by default. */
  readonly vendors?: boolean | undefined;
  /** The least severity that ends a build; `'warning'` by default. What is less, or all with `'none'`, is a warning. */
  readonly severity?: 'note' | 'warning' | 'error' | 'none' | undefined;
  /** The least confidence of a finding that counts; `'likely'` by default. */
  readonly confidence?: 'certain' | 'likely' | 'possible' | undefined;
}

/** A plugin of Rollup, of what is built on it, and of Rolldown. */
export interface KeyguardPlugin {
  readonly name: 'keyguard';
}

/**
 * Ends a build with an error when a module, a chunk or an asset holds a secret key. The error names the places, and no key.
 *
 * @throws {TypeError} if an option is something else than these.
 */
export default function keyguard(options?: KeyguardPluginOptions): KeyguardPlugin;
