const @NAME@ :Workerd.Worker = (
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
