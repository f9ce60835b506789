/** Where a relay takes sessions: its address for WebSockets, with the query, and the one for calls below it. */

/** @param {string | URL} url @param {string} model @param {string} profile */
export function realtimeUrl(url, model, profile) {
  try {
    const full = new URL(url);
    if (full.protocol === 'http:' || full.protocol === 'https:')
      full.protocol = full.protocol.replace('http', 'ws');
    if (model !== '') full.searchParams.set('model', model);
    if (profile !== '') full.searchParams.set('profile', profile);
    return full.href;
  } catch {
    return String(url); // connecting to it will fail, and say so
  }
}

/** Where calls are made, given where WebSockets are opened. @param {string} url */
export function callsUrl(url) {
  const there = new URL(url);
  there.protocol = there.protocol.replace('ws', 'http');
  there.pathname = `${there.pathname.replace(/\/$/, '')}/calls`;
  return there.href;
}
