/** How sure a finding is: its checksum is right; it looks random; it has the form of a key and reads like words. */
export type Confidence = 'certain' | 'likely' | 'possible';

/** What a leak of the key means. SARIF's words. */
export type Severity = 'error' | 'warning' | 'note';

/** How a key is written in the file. */
export type Disguise = 'none' | 'escaped' | 'joined' | 'base64' | 'utf-16';

/** A kind of key. */
export interface Rule {
  /** Its name, which never changes. */
  readonly id: string;
  /** Whose key, and which of theirs. */
  readonly name: string;
  readonly severity: Severity;
  /** What to do about one that is found. */
  readonly advice: string;
}

/** A secret key in a file. Its text is not in here. */
export interface Finding {
  /** The id of its {@link Rule}. */
  readonly rule: string;
  readonly name: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly disguise: Disguise;
  /** The first byte of it, disguise included. Of a string that is scanned, its UTF-8 counts. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in Unicode's code points. */
  readonly column: number;
  /** Its prefix and its last four characters. */
  readonly redacted: string;
  /** 128 bits of its SHA-256 digest: the same wherever it is found and however it is written. */
  readonly fingerprint: string;
  readonly advice: string;
}

export interface ScanOptions {
  /** The least confidence of a finding that is returned; `'likely'` by default. */
  readonly confidence?: Confidence;
}

/**
 * Finds every secret key in a file's content.
 *
 * @throws {TypeError} if the content or the options are something else than these.
 */
export function scan(content: string | ArrayBuffer | ArrayBufferView, options?: ScanOptions): Finding[];

/** A file in pieces. What is found doesn't depend on where they are cut, and memory doesn't on how many they are. */
export declare class Stream {
  constructor(options?: ScanOptions);
  /** Takes the next piece; returns what was found and not yet returned. */
  push(piece: string | ArrayBuffer | ArrayBufferView): Finding[];
  /** Ends the file; returns what is left. */
  finish(): Finding[];
}

/** Every kind of key that is looked for. */
export function rules(): Rule[];
