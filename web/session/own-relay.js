/**
 * The address of the relay that served these modules, and the round-trip time to a relay.
 *
 * Wherever a relay is mounted, `web/` stands beside `v1/` and `livez`.
 */

/** @returns {string} its WebSocket address */
export function ownRelay() {
  const url = new URL('../../v1/realtime', import.meta.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** @typedef {'conversation' | 'captions' | 'translation'} Kind what sort of session it is */

/**
 * Where a relay has sessions of another kind than conversations.
 *
 * @param {string} url of its conversations
 * @param {Kind} kind
 */
export function addressOf(url, kind) {
  if (kind === 'conversation' || !URL.canParse(url)) return url;
  const address = new URL(url);
  if (kind === 'captions') address.searchParams.set('intent', 'transcription');
  if (kind === 'translation') address.pathname = `${address.pathname.replace(/\/$/, '')}/translations`;
  return address.href;
}

/**
 * How long it takes to the relay and back.
 *
 * Browsers hide a WebSocket's pings, so our own relay is asked over HTTP, and any other by an event that
 * changes nothing, which then includes the way to the model.
 *
 * @param {import('../protocol/realtime-client.js').RealtimeClient} client
 * @returns {Promise<number>} milliseconds; rejects, or never settles, where no answer comes
 */
export async function measureRoundTrip(client) {
  if (new URL(client.url).origin !== new URL(ownRelay()).origin) return client.probe();
  const sentAt = performance.now();
  const response = await fetch(new URL('../../livez', import.meta.url), { cache: 'no-store' });
  await response.text();
  return performance.now() - sentAt;
}
