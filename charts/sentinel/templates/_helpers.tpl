{{- define "sentinel.labels" -}}
app.kubernetes.io/name: sentinel
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sentinel
{{- end }}
{{- define "sentinel.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "sentinel.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
{{- /* What the admin sets for the pods of sandboxes: one text for operator and gateway, so that both render the same Job. */}}
{{- define "sentinel.sandboxPods" -}}
{{- pick .Values.sandbox "imagePullSecrets" "nodeSelector" "tolerations" "schedulerName" "priorityClassName" "ephemeralStorage" "cpuRequests" | toJson }}
{{- end }}
{{- /* What the pods of schedules may reach, for their NetworkPolicy and for the operator, which compares it. */}}
{{- define "sentinel.apiServerPorts" -}}
{{- $ports := list }}
{{- range .Values.schedules.apiServerPorts }}{{ $ports = append $ports (dict "protocol" "TCP" "port" (int .)) }}{{ end }}
{{- $ports | toJson }}
{{- end }}
{{- /* What makes a program trace itself; nothing without an endpoint. */}}
{{- define "sentinel.tracing" -}}
{{- if .Values.tracing.otlpEndpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .Values.tracing.otlpEndpoint | quote }}}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ .Values.tracing.samplingRatio | quote }}}
{{- end }}
{{- end }}
