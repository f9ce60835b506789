/**
 * What a visitor is told of each end, by error code, close code and microphone error; `endings.js` chooses
 * among them.
 */

/** @typedef {{title: string, advice: string, retry?: boolean}} Row */

/** By the code of the `error` event: the API's own, and the relay's. @type {Map<string, Row>} */
export const BY_ERROR = new Map(
  Object.entries({
    invalid_api_key: {
      title: 'The relay’s API key was refused.',
      advice: 'Whoever runs the relay must check its OPENAI_API_KEY.',
    },
    upstream_denied: {
      title: 'The relay’s API key was refused.',
      advice: 'Whoever runs the relay must check its OPENAI_API_KEY.',
    },
    insufficient_permissions: {
      title: 'The relay’s API key may not use this model.',
      advice: 'Whoever runs the relay must give the key access to the Realtime API.',
    },
    insufficient_quota: {
      title: 'The account behind the relay has no credit left.',
      advice: 'Whoever runs the relay must check plan and billing.',
    },
    missing_model: {
      title: 'No model was chosen.',
      advice: 'Enter a model in the settings, then start again.',
    },
    invalid_model: {
      title: 'This model does not exist.',
      advice: 'Choose another model in the settings, then start again.',
    },
    model_not_found: {
      title: 'This model does not exist.',
      advice: 'Choose another model in the settings, then start again.',
    },
    session_expired: {
      title: 'The session reached its longest duration.',
      advice: 'Start again for a new one; it will not remember this conversation.',
      retry: false,
    },
    rate_limit_exceeded: { title: 'Too many requests at once.', advice: 'Wait a minute, then start again.' },
    origin_refused: {
      title: 'This relay does not take calls from this page.',
      advice: 'Whoever runs the relay can add this page’s origin to allowed_origins.',
    },
    profile_unknown: {
      title: 'This relay has no such profile.',
      advice: 'Enter another profile in the settings, or none, then start again.',
    },
    no_calls: { title: 'This relay makes no calls here.', advice: 'Whoever runs it can say why; use its WebSocket.' },
    call_not_connected: {
      title: 'The sound of a call does not get through this network.',
      advice: 'Choose the WebSocket in the settings, then start again; the relay’s UDP ports have to be reachable for a call.',
    },
    conversation_refused: {
        title: 'This conversation cannot be opened.',
        advice: 'Start one without its name, or ask whoever runs this page.',
    },
    call_id_not_found: { title: 'There is no such call here.', advice: 'It may have ended. Start a new one.' },
    kind_refused: {
      title: 'This profile is not for conversations.',
      advice: 'Enter another profile in the settings, or none, then start again.',
    },
    path_unknown: {
      title: 'There is no relay at this address.',
      advice: 'Enter the relay’s address in the settings; it ends with /v1/realtime. Then start again.',
    },
    credentials_missing: {
      title: 'This relay asks who you are.',
      advice: 'Enter a token or ticket in the settings, then start again.',
    },
    credentials_refused: {
      title: 'This relay does not know your token or ticket.',
      advice: 'Enter another in the settings, then start again.',
    },
    credentials_expired: {
      title: 'Your ticket has expired.',
      advice: 'Get a new one, enter it in the settings, then start again.',
    },
    sign_in_unavailable: {
      title: 'The relay cannot check who you are now.',
      advice: 'Wait a moment, then start again.',
      retry: true,
    },
    profile_refused: {
      title: 'Your ticket is for another profile.',
      advice: 'Leave the profile in the settings empty, then start again.',
    },
    full: { title: 'The relay is full.', advice: 'Wait a moment, then start again.', retry: true },
    too_many_sessions: {
      title: 'You have as many sessions as you may.',
      advice: 'End another one, or wait a moment, then start again.',
      retry: true,
    },
    too_frequent: {
      title: 'Sessions were started too often.',
      advice: 'Wait a minute, then start again.',
      retry: false,
    },
    budget_spent: {
      title: 'The budget for this conversation is spent.',
      advice: 'Ask whoever runs the relay for more, then start again.',
    },
    time_over: {
      title: 'The session has lasted as long as it may.',
      advice: 'Start again for a new one; it will not remember this conversation.',
      retry: false,
    },
    idle: {
      title: 'Nothing was said for a while, so the session was ended.',
      advice: 'Start again when you like.',
      retry: false,
    },
    draining: {
      title: 'The relay is restarting.',
      advice: 'Start again in a moment.',
      retry: true,
    },
    too_many_frames: {
      title: 'Something here sent too many fragments or pings.',
      advice: 'Leave out what stands between this page and the relay, then start again.',
      retry: false,
    },
    slow_peer: {
      title: 'Your connection was too slow for the answer.',
      advice: 'Check your network, then start again.',
      retry: false,
    },
    upstream_unreachable: {
      title: 'The relay could not reach the model.',
      advice: 'Start again in a moment; if it stays, look at the relay’s log.',
      retry: true,
    },
    upstream_timeout: {
      title: 'The model did not answer in time.',
      advice: 'Start again in a moment.',
      retry: true,
    },
    upstream_busy: { title: 'The model is busy.', advice: 'Wait a moment, then start again.', retry: true },
    upstream_rejected: {
      title: 'The model refused this session.',
      advice: 'Check model and profile in the settings, then start again.',
    },
    upstream_exhausted: {
      title: 'The account behind the relay has no credit left.',
      advice: 'Whoever runs the relay must check plan and billing.',
      retry: false,
    },
    upstream_invalid: {
      title: 'The model’s server broke the connection’s rules.',
      advice: 'Start again; if it stays, whoever runs the relay finds what was wrong in its log.',
      retry: true,
    },
    upstream_too_big: {
      title: 'The model sent more at once than the relay takes.',
      advice: 'Whoever runs the relay can raise max_message_bytes.',
    },
    slow_upstream: {
      title: 'The model stopped listening.',
      advice: 'Start again; it will not remember this conversation.',
      retry: true,
    },
    internal_error: {
      title: 'The relay failed.',
      advice: 'Start again; if it stays, look at the relay’s log.',
      retry: true,
    },
    media_lost: {
      title: 'The relay failed.',
      advice: 'Start again; if it stays, look at the relay’s log.',
      retry: true,
    },
    upstream_lost: {
      title: 'The relay lost its connection to the model.',
      advice: 'Start again; the model will not remember this conversation.',
      retry: true,
    },
  }),
);

/** By the close code, where the error says nothing that we know. @type {Record<number, Row>} */
export const BY_CODE = {
  1000: { title: 'The relay ended the session.', advice: 'Start again when you like.' },
  1001: {
    title: 'The relay is going away.',
    advice: 'It may be restarting: start again in a moment.',
    retry: true,
  },
  1003: {
    title: 'The relay did not accept what this page sent.',
    advice: 'Reload the page, then start again.',
  },
  1006: { title: 'The connection was lost.', advice: 'Check your network, then start again.', retry: true },
  1007: {
    title: 'The relay did not understand what this page sent.',
    advice: 'Reload the page, then start again.',
  },
  1008: {
    title: 'The relay refused this session.',
    advice: 'Check the relay’s address and profile in the settings, or ask whoever runs it for access.',
  },
  1009: {
    title: 'A message was too large for the relay.',
    advice: 'Send a smaller image or a shorter text.',
  },
  1011: {
    title: 'The relay could not go on.',
    advice: 'Start again; if it stays, look at the relay’s log.',
    retry: true,
  },
  1012: { title: 'The relay is restarting.', advice: 'Start again in a moment.', retry: true },
  1013: { title: 'The relay is full.', advice: 'Wait a moment, then start again.', retry: true },
  1014: { title: 'The relay could not reach the model.', advice: 'Start again in a moment.', retry: true },
  3000: {
    title: 'The relay’s key was refused.',
    advice: 'Whoever runs the relay must check its API key.',
  },
  3003: { title: 'You are not allowed to use this relay.', advice: 'Ask whoever runs it for access.' },
  3008: { title: 'The relay took too long.', advice: 'Start again in a moment.', retry: true },
  4000: {
    title: 'The model refused this session.',
    advice: 'Check model and profile in the settings, then start again.',
  },
};

/** @type {Row} */
export const UNKNOWN = { title: 'The session ended unexpectedly.', advice: 'Start again.' };

/** By the name of the browser's error. @type {Record<string, Row>} */
export const MICROPHONE = {
  NotAllowedError: {
    title: 'This page may not use the microphone.',
    advice: 'Allow it in the address bar’s site settings, then start again. You can also type.',
  },
  NotFoundError: {
    title: 'No microphone was found.',
    advice: 'Connect one, then start again. You can also type.',
  },
  NotReadableError: {
    title: 'The microphone does not answer.',
    advice: 'Another program may hold it: close that one or choose another microphone, then start again.',
  },
  InsecureContext: {
    title: 'Browsers give a microphone to secure pages only.',
    advice: 'Open this page by https, or as localhost, then start again.',
  },
};
