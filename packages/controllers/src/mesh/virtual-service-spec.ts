import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectsOf, type ServicePort, subsetName, tcpPorts } from './governed.ts';
import { foreignPart, hostsOfService } from './template-reach.ts';

/** Where requests go (Istio, Destination). */
export interface Destination {
  host?: string;
  subset?: string;
  port?: { number?: number };
}

/** One rule of a VirtualService, for HTTP, TCP or TLS. */
export interface RouteRule {
  match?: unknown;
  route?: { destination?: Destination; weight?: number }[];
  mirror?: Destination;
}

/** Spec of a VirtualService (Istio). */
export interface VirtualServiceSpec {
  hosts?: string[];
  http?: RouteRule[];
  tcp?: RouteRule[];
  tls?: RouteRule[];
  [field: string]: unknown;
}

/** Spec of a Strategy: how requests are divided between the versions of a component. */
export interface StrategySpec {
  /** Version that gets all requests, once set. */
  governor?: string;
  strategyPolicy?: 'WaitForWorkloadReady' | 'Immediately' | 'Paused' | '';
  template?: { spec?: VirtualServiceSpec };
}

/** A VirtualService that can be written, and why a Strategy was not applied to it. */
export interface Outcome {
  spec?: VirtualServiceSpec;
  problem?: string;
}

const KINDS = ['http', 'tcp', 'tls'] as const;

function isHttp({ name = '' }: ServicePort): boolean {
  return name === 'http' || name.startsWith('http-');
}

/** Returns a rule for each port; with several, each says for which. */
function rulesFor(ports: readonly ServicePort[], host: string, subset: string): RouteRule[] {
  return ports.map(({ port }) => ({
    ...(ports.length > 1 && { match: [{ port }] }),
    route: [
      {
        destination: { host, subset, ...(port !== undefined && { port: { number: port } }) },
        weight: 100,
      },
    ],
  }));
}

/** Returns a VirtualService that sends all requests of a Service to one version. */
function defaultSpec(service: KubeObject, subset: string): VirtualServiceSpec {
  const { name = '' } = service.metadata;
  const ports = tcpPorts(service);
  const http = rulesFor(ports.filter(isHttp), name, subset);
  const tcp = rulesFor(
    ports.filter((port) => !isHttp(port)),
    name,
    subset,
  );

  return {
    hosts: [name],
    ...(http.length > 0 && { http }),
    ...(tcp.length > 0 && { tcp }),
  };
}

/** Returns the subsets to which a VirtualService sends requests. */
function subsetsIn(spec: VirtualServiceSpec): Set<string> {
  const subsets = new Set<string>();

  for (const rule of KINDS.flatMap((kind) => objectsOf(spec[kind]))) {
    const destinations = objectsOf(rule.route).map(({ destination }) => destination);

    for (const destination of [...destinations, rule.mirror]) {
      if (destination?.subset) {
        subsets.add(destination.subset);
      }
    }
  }

  return subsets;
}

function withPort(destination: Destination, port: number): Destination {
  return destination.port?.number ? destination : { ...destination, port: { number: port } };
}

/** Returns rules in which every destination has a port. */
function withPorts(rules: readonly RouteRule[] | undefined, port: number): RouteRule[] {
  return objectsOf(rules).map((rule) => ({
    ...rule,
    ...(rule.route && {
      route: objectsOf(rule.route).map((one) => ({
        ...one,
        ...(one.destination && { destination: withPort(one.destination, port) }),
      })),
    }),
    ...(rule.mirror && { mirror: withPort(rule.mirror, port) }),
  }));
}

/** Returns a rule that sends everything to the version that a Strategy has decided for. */
function governed(spec: VirtualServiceSpec, service: string, version: string): VirtualServiceSpec {
  const destination = { host: service, subset: subsetName(version) };
  const rules: RouteRule[] = [{ route: [{ destination, weight: 100 }] }];

  if (objectsOf(spec.http).length > 0) {
    return { ...spec, http: rules };
  }

  return objectsOf(spec.tcp).length > 0 ? { ...spec, tcp: rules } : spec;
}

/** Returns the VirtualService that a Strategy asks for. */
function strategySpec(
  { governor, template }: StrategySpec,
  { metadata, spec }: KubeObject,
): VirtualServiceSpec {
  const { name = '', namespace = '' } = metadata;
  const asked = template?.spec ?? {};
  const decided = governor ? governed(asked, name, governor) : asked;
  const [first] = objectsOf<ServicePort>(spec?.ports);
  const port = first?.port ?? 0;

  return {
    ...decided,
    // Hosts of other services are those services' own.
    hosts: hostsOfService(decided.hosts, name, namespace),
    ...(decided.http && { http: withPorts(decided.http, port) }),
    ...(decided.tcp && { tcp: withPorts(decided.tcp, port) }),
  };
}

/** Whether a Strategy waits for something before it is applied. */
function waits({ strategyPolicy, template }: StrategySpec, subsets: readonly string[]): boolean {
  if (strategyPolicy === 'Paused') {
    return true;
  }

  return (
    strategyPolicy === 'WaitForWorkloadReady' &&
    [...subsetsIn(template?.spec ?? {})].some((name) => !subsets.includes(name))
  );
}

function isEmpty(spec: VirtualServiceSpec): boolean {
  return KINDS.every((kind) => objectsOf(spec[kind]).length === 0);
}

/**
 * Returns the VirtualService of a Service whose versions have these subsets, of which there is at
 * least one. Without a Strategy that applies, everything goes to the first.
 */
export function virtualServiceSpec(
  service: KubeObject,
  subsets: readonly string[],
  strategies: readonly StrategySpec[],
): Outcome {
  const byDefault = defaultSpec(service, subsets[0] ?? '');
  const [strategy, ...others] = strategies;

  if (others.length > 0) {
    return { problem: 'several Strategies have the label app of this Service: leave one of them' };
  }

  if (strategy && !waits(strategy, subsets)) {
    const foreign = foreignPart(strategy.template?.spec, service.metadata.namespace ?? '');
    if (foreign !== undefined) {
      return { spec: byDefault, problem: `the Strategy is not applied: ${foreign}` };
    }

    const spec = strategySpec(strategy, service);

    return isEmpty(spec)
      ? { problem: 'the Strategy has no route: add one to its template, or delete the Strategy' }
      : { spec };
  }

  return isEmpty(byDefault)
    ? { problem: 'the Service has no TCP port to which requests could be routed' }
    : { spec: byDefault };
}
