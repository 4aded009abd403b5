import { isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import type { Json, KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** Returns the backend of networking.k8s.io/v1 for one of its versions before. */
function newBackend(backend: Json | undefined): Json | undefined {
  if (
    !isObject(backend) ||
    (backend.serviceName === undefined && backend.servicePort === undefined)
  ) {
    return backend;
  }

  const { serviceName, servicePort, ...rest } = backend;
  const port =
    typeof servicePort === 'number' ? { number: servicePort } : { name: servicePort ?? '' };

  return { ...rest, service: { name: serviceName ?? '', port } };
}

function newPath(path: Json): Json {
  if (!isObject(path)) {
    return path;
  }

  const backend = newBackend(path.backend);

  return {
    pathType: 'ImplementationSpecific',
    ...path,
    ...(backend !== undefined && { backend }),
  };
}

function newRule(rule: Json): Json {
  const http = isObject(rule) ? rule.http : undefined;

  return isObject(rule) && isObject(http) && Array.isArray(http.paths)
    ? { ...rule, http: { ...http, paths: http.paths.map(newPath) } }
    : rule;
}

/**
 * Returns an Ingress as networking.k8s.io/v1 has it: consoles of KubeSphere 3.0 write fields of
 * extensions/v1beta1. One that has those of v1 stays as it is.
 */
export function asCurrentIngress(ingress: KubeObject): KubeObject {
  const spec: unknown = ingress.spec;
  if (!isObject(spec)) {
    return ingress;
  }

  const { backend, rules, ...rest }: JsonObject = spec;
  const defaultBackend = newBackend(backend);

  return {
    ...ingress,
    spec: {
      ...rest,
      ...(defaultBackend !== undefined && { defaultBackend }),
      ...(rules !== undefined && { rules: Array.isArray(rules) ? rules.map(newRule) : rules }),
    },
  };
}
