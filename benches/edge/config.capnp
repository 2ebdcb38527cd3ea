using Workerd = import "/workerd/workerd.capnp";

# One contender, with the store beside it in the same process. Whatever URL it fetches goes to the upstream.
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "store", worker = .store),
    (name = "upstream", external = (address = "@UPSTREAM@", http = ())),
  ],
  sockets = [(
    name = "http",
    address = "127.0.0.1:@PORT@",
    service = "edge",
    http = (cfBlobHeader = "CF-Blob", forwardedProtoHeader = "X-Scheme"),
  )],
);

const edge :Workerd.Worker = (
  modules = [@MODULES@],
  compatibilityDate = "@DATE@",
  compatibilityFlags = [@FLAGS@],
  globalOutbound = "upstream",
  bindings = [
    (name = "KEYS", kvNamespace = "store"),
    (name = "UPSTREAM", text = "https://api.example.com"),
    (name = "POLICY", json = embed "policy.json"),
    @BINDINGS@
  ],
);

const store :Workerd.Worker = (
  modules = [
    (name = "store.mjs", esModule = embed "store.mjs"),
    (name = "digests.bin", data = embed "digests.bin"),
  ],
  compatibilityDate = "@DATE@",
  compatibilityFlags = [@FLAGS@],
);
