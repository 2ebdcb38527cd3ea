using Workerd = import "/workerd/workerd.capnp";

# A contender, as often as it is to be there, with the store beside it in the same process. Whatever URL it fetches goes to the upstream.
const config :Workerd.Config = (
  services = [
    @SERVICES@
    (name = "store", worker = .store),
    (name = "upstream", external = (address = "@UPSTREAM@", http = ())),
  ],
  sockets = [
    @SOCKETS@
  ],
);

@EDGES@
const store :Workerd.Worker = (
  modules = [
    (name = "store.mjs", esModule = embed "store.mjs"),
    (name = "digests.bin", data = embed "digests.bin"),
  ],
  compatibilityDate = "@DATE@",
  compatibilityFlags = [@FLAGS@],
);
