/** What a relay says of its calls before one is made: the servers on the way to it, and who watches. */

/**
 * How the relay shows a camera or a screen to the model: `turn` is at each turn of the visitor's, `interval` every
 * `intervalS` seconds; `side` is how many pixels a picture's longer side has at most, `most` how many are shown in a session.
 *
 * @typedef {{when: 'turn' | 'interval', intervalS: number, side: number, most: number}} Watching
 */

/** `byRelay` is whether the relay itself answers. @typedef {{iceServers: RTCIceServer[], byRelay: boolean, video: Watching | null}} CallOffer */

const PATIENCE_MS = 3_000;

/**
 * Asks, and does without where nothing is told: whoever cannot answer that may still take a call, or says why not.
 *
 * @param {string} url of the relay's calls; the servers are told beside them
 * @param {HeadersInit} headers with the ticket
 * @param {typeof fetch} request
 * @param {AbortSignal} signal ends the wait
 * @returns {Promise<CallOffer>}
 */
export async function askForCalls(url, headers, request, signal) {
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const answer = await request(url.replace(/\/calls(?=$|\?)/, '/ice_servers'), { headers, signal: patience });
    return read(await answer.json());
  } catch {
    return read(null);
  }
}

/** @param {any} told @returns {CallOffer} */
function read(told) {
  const { ice_servers: servers, calls, video } = told ?? {};
  return {
    iceServers: Array.isArray(servers) ? servers : [],
    byRelay: calls === 'relay',
    video: video ? { when: video.when, intervalS: video.interval_s, side: video.side, most: video.most } : null,
  };
}
