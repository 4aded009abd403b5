import type { Conversion } from '../conversion.ts';
import { type Fields, isAbsent, isFields, mapFields, withDefaults, withField } from '../fields.ts';

const BACKENDS = 'spec.rules[].http.paths[].backend';

function backendToServed(backend: Fields): Fields {
  const { serviceName: name, servicePort: port, ...rest } = backend;
  if (isAbsent(name) && isAbsent(port)) {
    return rest;
  }

  return {
    ...rest,
    service: {
      ...(!isAbsent(name) && { name }),
      // Ports with a name stay names, also where that is a number in quotes: such a name is refused
      // in both versions.
      ...(!isAbsent(port) && {
        port: typeof port === 'number' ? { number: port } : { name: port },
      }),
    },
  };
}

function backendToLegacy(backend: Fields): Fields {
  const { service, ...rest } = backend;
  if (!isFields(service)) {
    return backend;
  }

  const { name, port } = service;
  const servicePort = isFields(port) ? (port.number ?? port.name) : undefined;

  return {
    ...rest,
    ...(!isAbsent(name) && { serviceName: name }),
    ...(!isAbsent(servicePort) && { servicePort }),
  };
}

function renameField(fields: Fields, from: string, to: string): Fields {
  return isAbsent(fields[from])
    ? fields
    : withField(withField(fields, from, undefined), to, fields[from]);
}

/** Ingresses of extensions/v1beta1 and networking.k8s.io/v1beta1. */
export const ingresses: Conversion = {
  toServed: (object) => {
    const spec = mapFields(object, 'spec', (fields) =>
      renameField(fields, 'backend', 'defaultBackend'),
    );

    return mapFields(
      mapFields(spec, 'spec.defaultBackend', backendToServed),
      BACKENDS,
      backendToServed,
    );
  },
  toLegacy: (object) => {
    const spec = mapFields(object, 'spec', (fields) =>
      renameField(fields, 'defaultBackend', 'backend'),
    );
    return mapFields(mapFields(spec, 'spec.backend', backendToLegacy), BACKENDS, backendToLegacy);
  },
  withDefaults: (object) =>
    mapFields(object, 'spec.rules[].http.paths[]', (path) =>
      withDefaults(path, { pathType: 'ImplementationSpecific' }),
    ),
  unknown: ['spec.defaultBackend', 'spec.backend.service', `${BACKENDS}.service`],
};
