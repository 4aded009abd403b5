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

/** Returns the backend of networking.k8s.io/v1beta1 for one of v1. */
function olderBackend(backend: Json | undefined): Json | undefined {
  const service = isObject(backend) ? backend.service : undefined;
  if (!isObject(backend) || !isObject(service)) {
    return backend;
  }

  const { service: _service, ...rest } = backend;
  const { number, name }: JsonObject = isObject(service.port) ? service.port : {};

  return { ...rest, serviceName: service.name ?? '', servicePort: number ?? name ?? '' };
}

/** Returns rules with each of their paths changed. */
function withPaths(rules: Json, change: (path: JsonObject) => JsonObject): Json {
  const ofRule = (rule: Json): Json => {
    const http = isObject(rule) ? rule.http : undefined;

    return isObject(rule) && isObject(http) && Array.isArray(http.paths)
      ? {
          ...rule,
          http: {
            ...http,
            paths: http.paths.map((path) => (isObject(path) ? change(path) : path)),
          },
        }
      : rule;
  };

  return Array.isArray(rules) ? rules.map(ofRule) : rules;
}

function newPath(path: JsonObject): JsonObject {
  const backend = newBackend(path.backend);

  return {
    pathType: 'ImplementationSpecific',
    ...path,
    ...(backend !== undefined && { backend }),
  };
}

function olderPath(path: JsonObject): JsonObject {
  const backend = olderBackend(path.backend);
  return { ...path, ...(backend !== undefined && { backend }) };
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
      ...(rules !== undefined && { rules: withPaths(rules, newPath) }),
    },
  };
}

/** Returns an Ingress of networking.k8s.io/v1 as its version v1beta1 has it. */
export function asOlderIngress(ingress: KubeObject): KubeObject {
  const spec: unknown = ingress.spec;
  if (!isObject(spec)) {
    return ingress;
  }

  const { defaultBackend, rules, ...rest }: JsonObject = spec;
  const backend = olderBackend(defaultBackend);

  return {
    ...ingress,
    spec: {
      ...rest,
      ...(backend !== undefined && { backend }),
      ...(rules !== undefined && { rules: withPaths(rules, olderPath) }),
    },
  };
}
