/**
 * How long it takes to the relay and back.
 *
 * Browsers hide a WebSocket's pings, so the page's own relay is asked over HTTP, and any other by an event
 * that changes nothing, which then includes the way to the model.
 *
 * @param {import('./realtime-client.js').RealtimeClient} client
 * @returns {Promise<number>} milliseconds; rejects, or never settles, where no answer comes
 */
export async function measureRoundTrip(client) {
  if (new URL(client.url).host !== location.host) return client.probe();
  const sentAt = performance.now();
  const response = await fetch('/livez', { cache: 'no-store' });
  await response.text();
  return performance.now() - sentAt;
}
