/** Where a relay takes sessions, and what lies beside that: calls, and the conversations that it keeps. */

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
  there.searchParams.set('relay_events', '1'); // over a WebSocket a subprotocol asks for them
  return there.href;
}

/**
 * Where a relay shows the conversations that it keeps.
 *
 * @param {string} url of its WebSocket
 * @returns {string | null} null where its sessions are no conversations
 */
export function conversationsUrl(url) {
  if (!URL.canParse(url)) return null;
  const there = new URL(url);
  if (!/\/realtime\/?$/.test(there.pathname) || there.searchParams.has('intent')) return null;
  there.protocol = there.protocol.replace('ws', 'http');
  there.pathname = there.pathname.replace(/realtime\/?$/, 'conversations');
  there.search = '';
  return there.href;
}

/** The address with the name of a conversation that is to go on. @param {string} url @param {string} id */
export function inConversation(url, id) {
  const there = new URL(url);
  there.searchParams.set('conversation', id);
  return there.href;
}
