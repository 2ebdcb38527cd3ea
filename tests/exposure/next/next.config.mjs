export default {
  // Alone, whatever lock files lie above it.
  turbopack: { root: import.meta.dirname },
};
