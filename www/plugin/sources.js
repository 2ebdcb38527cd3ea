// Where keys are in the modules of a build, and in what is made of them.

import path from 'node:path';

/**
 * What the sources of modules hold, by the bundler's names of them. A repeated build doesn't come by again at those that
 * stayed as they were, so each is kept.
 */
export class Sources {
  #inspector;
  #root;
  #modules = new Map();

  constructor(inspector, root) {
    this.#inspector = inspector;
    this.#root = root;
  }

  /** Whether a module came by. One that was cached for an earlier process did not. */
  has(id) {
    return this.#modules.has(id);
  }

  /** Takes a module's source. `leaks` are expressions for which a key will be put in. */
  take(id, code, leaks = []) {
    const file = moduleName(id, this.#root);
    const entries = [{ findings: this.#inspector.look(code), place: at(file) }];
    for (const { expression, findings } of leaks) {
      for (const position of positions(code, expression)) {
        entries.push({ findings, place: () => `${at(file)(position)}, which has ${expression}` });
      }
    }
    this.#modules.set(id, entries);
  }

  /** Reports what is in the modules that `isMeant`. */
  tell(report, isMeant) {
    for (const [id, entries] of this.#modules) {
      if (!isMeant(id)) continue;
      for (const { findings, place } of entries) report.add(findings, place);
    }
  }
}

/** Reports what the files of a bundle hold, each with the modules that it comes from. */
export function reportBundle(report, bundle, inspector, root) {
  for (const { fileName, type, code, source, modules = {} } of Object.values(bundle)) {
    report.add(inspector.look(type === 'chunk' ? code : source), (finding) => {
      // A module's source needn't hold what is put in for a name in it.
      const holds = ({ code }) => inspector.look(code ?? '').some(({ fingerprint }) => fingerprint === finding.fingerprint);
      const origins = Object.keys(modules).filter((id) => holds(modules[id])).map((id) => moduleName(id, root));
      return `${at(fileName)(finding)} of the bundle${origins.length > 0 ? `, from ${origins.join(' and ')}` : ''}`;
    });
  }
}

/** Puts the place of a finding in a file into words. */
export const at = (file) => ({ line, column }) => `${file}:${line}:${column}`;

/** A module as its developer knows it. */
function moduleName(id, root) {
  const [file] = id.replace(/^\0/, '').split('?');
  return path.isAbsolute(file) ? path.relative(root, file) : file;
}

/** Where an expression is in a source, and no longer one that begins with it. */
function* positions(code, expression) {
  for (let index = -1; (index = code.indexOf(expression, index + 1)) >= 0; ) {
    if (/[\w$.]/.test(code[index - 1] ?? '') || /[\w$]/.test(code[index + expression.length] ?? '')) continue;
    const lines = code.slice(0, index).split('\n');
    yield { line: lines.length, column: [...lines.at(-1)].length + 1 };
  }
}
