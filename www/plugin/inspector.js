// The scanner as a project's options want it.

import { Stream, scan } from '../scan.js';
import { Report } from './report.js';

const SEVERITIES = ['note', 'warning', 'error', 'none'];

export class Inspector {
  #allowed;
  #vendors;
  #severity;
  #confidence;

  constructor({ allow = [], vendors = true, severity = 'warning', confidence = 'likely', ...others } = {}) {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new TypeError(`keyguard: there is no option ${unknown}`);
    if (!Array.isArray(allow) || !allow.every((text) => FINGERPRINT.test(text))) {
      throw new TypeError('keyguard: allow is a list of fingerprints, which reports of keys show');
    }
    if (typeof vendors !== 'boolean') throw new TypeError('keyguard: vendors is true or false');
    if (!SEVERITIES.includes(severity)) throw new TypeError(`keyguard: severity is one of ${SEVERITIES.join(', ')}`);
    this.#allowed = new Set(allow);
    this.#vendors = vendors;
    this.#severity = SEVERITIES.indexOf(severity);
    this.#confidence = confidence;
    // A confidence of another name ends here, not in the middle of a build.
    this.look('');
  }

  /** The findings that count in a text or in bytes. */
  look(content) {
    return this.#counting(scan(content, { confidence: this.#confidence }));
  }

  /** The findings that count in a file that comes in pieces. */
  async lookThrough(pieces) {
    const stream = new Stream({ confidence: this.#confidence });
    const findings = [];
    for await (const piece of pieces) findings.push(...stream.push(piece));
    findings.push(...stream.finish());
    return this.#counting(findings);
  }

  /** An empty report, which knows what ends a build. */
  report() {
    return new Report(({ severity }) => SEVERITIES.indexOf(severity) >= this.#severity);
  }

  #counting(findings) {
    return findings.filter(
      ({ rule, fingerprint }) => !this.#allowed.has(fingerprint) && (this.#vendors || rule.startsWith('keyguard-')),
    );
  }
}

const FINGERPRINT = /^[0-9a-f]{32}$/;
