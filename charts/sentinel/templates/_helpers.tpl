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

{{- /* The image of the programs and of the gate of sandboxes, for a digest without its tag: one text for all that run or render it. */}}
{{- define "sentinel.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
{{- /* Labels and annotations of the pods of a program: (list $ "operator"). The schema refuses the labels of the chart in podLabels. */}}
{{- define "sentinel.podMetadata" -}}
{{- $values := index (index . 0).Values (index . 1) -}}
labels:
  app.kubernetes.io/name: sentinel
  app.kubernetes.io/component: {{ index . 1 }}
  app.kubernetes.io/part-of: sentinel
  {{- with $values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- /* Where the pods of a program run, and what all programs have in common: (list $ "operator"). */}}
{{- define "sentinel.podSettings" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- $values := index $root.Values $component -}}
{{- with $root.Values.priorityClass.name }}
priorityClassName: {{ . }}
{{- end }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
{{- $pods := dict "labelSelector" (dict "matchLabels" (dict "app.kubernetes.io/name" "sentinel" "app.kubernetes.io/component" $component)) "matchLabelKeys" (list "pod-template-hash") }}
{{- range . }}
- {{ merge (dict) . (ternary (dict) $pods (hasKey . "labelSelector")) | toYaml | nindent 2 | trim }}
{{- end }}
{{- end }}
securityContext: {{- include "sentinel.podSecurity" $root | nindent 2 }}
{{- end }}
{{- /* The probes of a program. A start may take two minutes: caches are read first. */}}
{{- define "sentinel.startupProbe" -}}
{httpGet: {path: /healthz, port: health}, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120}
{{- end }}
{{- /* The part of an ingress policy that says who may reach metrics and probes. */}}
{{- define "sentinel.metricsPeers" -}}
{{- with .Values.networkPolicy.metrics -}}
- ports: [{protocol: TCP, port: 8080}]
  from: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
