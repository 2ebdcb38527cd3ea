// Imported before everything else of a shop: counts what is made of WebAssembly, and keeps what goes wrong.

const watch = (globalThis.watch = { compiled: 0, faults: [] });

const { WebAssembly } = globalThis;
if (WebAssembly) {
  const counted = (real) => new Proxy(real, {
    apply: (target, self, values) => ((watch.compiled += 1), Reflect.apply(target, self, values)),
    construct: (target, values, made) => ((watch.compiled += 1), Reflect.construct(target, values, made)),
  });
  for (const name of ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming', 'Module', 'Instance']) {
    if (WebAssembly[name]) WebAssembly[name] = counted(WebAssembly[name]);
  }
}

globalThis.addEventListener?.('error', ({ message }) => watch.faults.push(message));
globalThis.addEventListener?.('unhandledrejection', ({ reason }) => watch.faults.push(String(reason)));
globalThis.addEventListener?.('securitypolicyviolation', ({ violatedDirective, blockedURI }) => watch.faults.push(`${violatedDirective}: ${blockedURI}`));
