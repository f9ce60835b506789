{{/* The longest that a pod takes to end: Kubernetes counts preStop in, and the relay needs some seconds around its drain. */}}
{{- define "relay.needs" -}}
{{- with .Values.drain -}}
{{ add (ceil .preStopSeconds) (ceil .noticeSeconds) (ceil .timeoutSeconds) 7 }}
{{- end -}}
{{- end }}

{{- define "relay.grace" -}}
{{- $needs := include "relay.needs" . | int -}}
{{- $said := .Values.drain.graceSeconds -}}
{{- if kindIs "invalid" $said -}}
{{ $needs }}
{{- else if lt (int $said) $needs -}}
{{ fail (printf "drain.graceSeconds: %d is less than preStop + notice + timeout + 7 = %d, so sessions would be cut off; leave it out, or shorten the drain" (int $said) $needs) }}
{{- else -}}
{{ int $said }}
{{- end -}}
{{- end }}

{{/* Refuses what cannot work together. */}}
{{- define "relay.check" -}}
{{- $values := .Values -}}
{{- if not $values.image.repository }}
{{- fail "image.repository: say where your image of the relay is; nobody publishes one (docs/kubernetes.md)" }}
{{- end }}
{{- $top := regexSplit "(?m)^\\s*\\[" $values.config 2 | first }}
{{- range $setting, $value := include "relay.owned" . | fromYaml }}
{{- if regexMatch (printf "(?m)^\\s*\"?%s\"?\\s*=" $setting) $top }}
{{- fail (printf "config: %s is set by the chart; say it as %s" $setting $value) }}
{{- end }}
{{- end }}
{{- if and $values.webrtc.enabled (regexMatch "(?m)^\\s*(\\[\\s*webrtc\\s*\\]|webrtc\\s*[.=])" $values.config) }}
{{- fail "config: the table [webrtc] is set by the chart; say it as webrtc" }}
{{- end }}
{{- if and $values.redis.enabled (hasKey $values.secretVariables "RELAY_QUOTA_STORE") }}
{{- fail "redis.enabled: secretVariables.RELAY_QUOTA_STORE names another store; choose" }}
{{- end }}
{{- if and (or $values.secretVariables $values.serviceMonitor.tokenKey) (not $values.secret.name) }}
{{- fail "secret.name: secretVariables and serviceMonitor.tokenKey are keys of a Secret; say which" }}
{{- end }}
{{- if ne $values.autoscaling.kind "none" }}
{{- with $values.autoscaling }}
{{- if ge (int .sessionsPerPod) (int $values.maxSessions) }}
{{- fail (printf "autoscaling.sessionsPerPod: %d is not below maxSessions = %d, so pods would be full before there are more" (int .sessionsPerPod) (int $values.maxSessions)) }}
{{- end }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail (printf "autoscaling.minReplicas: %d is above maxReplicas = %d" (int .minReplicas) (int .maxReplicas)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $values.webrtc.enabled }}
{{- with $values.webrtc }}
{{- if gt (int .firstPort) (int .lastPort) }}
{{- fail (printf "webrtc.firstPort: %d is above lastPort = %d" (int .firstPort) (int .lastPort)) }}
{{- end }}
{{- if gt (sub (int .lastPort) (int .firstPort)) 99 }}
{{- fail "webrtc.lastPort: at most 100 ports, since each is a hostPort of the pod" }}
{{- end }}
{{- end }}
{{- if not (or (eq $values.image.extras "webrtc") $values.image.tag $values.image.digest) }}
{{- fail "webrtc.enabled: the image needs the extra; say image.extras: webrtc, or the tag of an image that has it" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Settings that the chart has to know, and the value that each is said as. */}}
{{- define "relay.owned" -}}
host: the Service's, nothing
port: service.port
workers: workers
max_sessions: maxSessions
trusted_proxies: trustedProxies
tls_cert: tls.secret
tls_key: tls.secret
drain: drain.what
drain_notice_s: drain.noticeSeconds
drain_timeout_s: drain.timeoutSeconds
quota_store: redis, or secretVariables.RELAY_QUOTA_STORE
record_dir: recordings.claim
tokens_file: secret.tokens
openai_api_key_file: secret.openaiKey
{{- end }}
