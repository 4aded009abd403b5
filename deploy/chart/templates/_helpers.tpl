{{- define "ks-apiserver.selectorLabels" -}}
app: ks-apiserver
tier: backend
{{- end }}

{{- define "ks-apiserver.labels" -}}
{{ include "ks-apiserver.selectorLabels" . }}
version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "ks-apiserver.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "ks-apiserver.secretName" -}}
{{ .Values.secrets.existingSecret | default "ks-apiserver" }}
{{- end }}

{{- define "ks-apiserver.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- with .Values.redis -}}
{{- if .host -}}
{{- $_ := set $config "redis" (mergeOverwrite (deepCopy ($config.redis | default dict)) (dict "host" .host "port" (int .port) "db" (int .db))) -}}
{{- end -}}
{{- end -}}
{{ toYaml $config }}
{{- end }}

{{- define "ks-apiserver.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}
