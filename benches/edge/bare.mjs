// The limit: what any Worker in front of an upstream costs.
export default {
  fetch(request, env) {
    const { url } = request;
    return fetch(env.UPSTREAM + url.slice(url.indexOf('/', 8)), request);
  },
};
