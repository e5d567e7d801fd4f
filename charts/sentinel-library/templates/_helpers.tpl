{{- define "library.labels" -}}
app.kubernetes.io/name: sentinel-library
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sentinel
{{- end }}
{{- /* The specs of the chosen Playbooks by name, as JSON, with everything that the API server would fill in: the digest is computed from this. */}}
{{- define "library.playbooks" -}}
{{- $library := .Files.Get "files/library.yaml" | fromYaml }}
{{- $image := required "set image to your tools image, by digest" .Values.image }}
{{- range $name := concat .Values.playbooks (keys .Values.schedules) (keys .Values.rules) }}
{{- if not (hasKey $library.playbooks $name) }}{{ fail (printf "the library has no Playbook '%s'" $name) }}{{ end }}
{{- end }}
{{- $chosen := dict }}
{{- range $name, $spec := $library.playbooks }}
{{- if or (not $.Values.playbooks) (has $name $.Values.playbooks) }}
{{- $_ := set $spec.sandbox "image" $image }}
{{- with get $.Values.schedules $name }}
{{- $schedule := deepCopy $library.schedule }}
{{- range $key, $value := . }}{{ $_ := set $schedule $key $value }}{{ end }}
{{- $_ := set $spec "schedule" $schedule }}
{{- end }}
{{- $_ := set $chosen $name $spec }}
{{- end }}
{{- end }}
{{- $chosen | toRawJson }}
{{- end }}
{{- /* The digest of a spec: of its canonical JSON (RFC 8785), which is what Helm prints of a spec with plain text. */}}
{{- define "library.digest" -}}
sha256:{{ . | toRawJson | sha256sum }}
{{- end }}
{{- /* The spec of the policy of a Playbook, as JSON. */}}
{{- define "library.policy" -}}
{{- $library := .root.Files.Get "files/library.yaml" | fromYaml }}
{{- $policy := get $library.policies .name }}
{{- with get .root.Values.rules .name }}{{ $_ := set $policy "kubernetes" (concat $policy.kubernetes .) }}{{ end }}
{{- $policy | toRawJson }}
{{- end }}
