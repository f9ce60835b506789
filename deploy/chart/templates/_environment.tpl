{{/* The settings that the chart knows, as the relay reads them before its file. */}}
{{- define "relay.environment" -}}
- {name: RELAY_HOST, value: 0.0.0.0}
- {name: RELAY_PORT, value: "8000"}
- {name: RELAY_WORKERS, value: {{ .Values.workers | quote }}}
- {name: RELAY_MAX_SESSIONS, value: {{ .Values.maxSessions | quote }}}
- {name: RELAY_LOG_FORMAT, value: json}
{{- with .Values.drain }}
- {name: RELAY_DRAIN, value: {{ .what }}}
- {name: RELAY_DRAIN_NOTICE_S, value: {{ .noticeSeconds | quote }}}
- {name: RELAY_DRAIN_TIMEOUT_S, value: {{ .timeoutSeconds | quote }}}
{{- end }}
{{- with .Values.trustedProxies }}
- {name: RELAY_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
{{- if .Values.tls.secret }}
- {name: RELAY_TLS_CERT, value: /etc/relay/tls/tls.crt}
- {name: RELAY_TLS_KEY, value: /etc/relay/tls/tls.key}
{{- end }}
{{- if .Values.recordings.claim }}
- {name: RELAY_RECORD_DIR, value: /var/lib/relay/recordings}
{{- end }}
{{- if .Values.redis.enabled }}
- {name: RELAY_QUOTA_STORE, value: "redis://{{ include "relay.name" . }}-redis:6379/0"}
{{- end }}
{{- with .Values.webrtc }}
{{- if .enabled }}
- {name: RELAY_WEBRTC__CALLS, value: relay}
- {name: RELAY_WEBRTC__PORTS, value: {{ printf "%d-%d" (int .firstPort) (int .lastPort) | quote }}}
- {name: RELAY_WEBRTC__MAX_CALLS, value: {{ .maxCalls | quote }}}
{{- if .advertise }}
- {name: RELAY_WEBRTC__ADVERTISE, value: {{ join "," .advertise | quote }}}
{{- else }}
- name: RELAY_WEBRTC__ADVERTISE
  valueFrom:
    fieldRef: {fieldPath: status.hostIP}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.secret }}
{{- if .name }}
{{- with .openaiKey }}
- {name: OPENAI_API_KEY_FILE, value: /etc/relay/secret/{{ . }}}
{{- end }}
{{- with .tokens }}
- {name: RELAY_TOKENS_FILE, value: /etc/relay/secret/{{ . }}}
{{- end }}
{{- end }}
{{- end }}
{{- range $variable, $key := .Values.secretVariables }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: {name: {{ $.Values.secret.name }}, key: {{ $key }}}
{{- end }}
{{- end }}
