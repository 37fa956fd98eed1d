// Keeps hold of a page's PeerConnections, so that tests can read their statistics and states.

/* Runs in the page, before its own scripts: `globalThis.connections` are all of them, the newest last. */
export function keepConnections() {
  if (globalThis.connections) return;
  const Real = globalThis.RTCPeerConnection;
  globalThis.connections = [];
  globalThis.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args);
      globalThis.connections.push(this);
    }
  };
}
