import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  age,
  labelsText,
  listWithMore,
  orNone,
  type Printer,
  printer,
  selectorText,
} from './printer.ts';

const name = (object: KubeObject): string => object.metadata.name ?? '';

function loadBalancerAddresses(status: unknown): string[] {
  const ingress = (status as { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } })
    ?.loadBalancer?.ingress;

  return (ingress ?? [])
    .map(({ ip, hostname }) => ip || hostname || '')
    .filter((text) => text !== '');
}

function externalIP(service: KubeObject): string {
  const { type, externalIPs = [], externalName } = service.spec ?? {};
  switch (type) {
    case 'ExternalName':
      return externalName ?? '';
    case 'LoadBalancer': {
      const addresses = [...new Set(loadBalancerAddresses(service.status))].sort();
      const all = [...addresses, ...externalIPs];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    default:
      return externalIPs.length === 0 ? '<none>' : externalIPs.join(',');
  }
}

function servicePorts(
  ports: { port: number; nodePort?: number; protocol?: string }[] | undefined,
): string {
  if (!ports || ports.length === 0) {
    return '<none>';
  }

  return ports
    .map(({ port, nodePort, protocol = 'TCP' }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    )
    .join(',');
}

interface Subset {
  addresses?: { ip: string }[];
  ports?: { port: number }[];
}

function endpoints(subsets: Subset[] | undefined): string {
  const texts = (subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );

  return listWithMore(texts);
}

function hosts(rules: { host?: string }[] | undefined): string {
  const names = (rules ?? []).map(({ host }) => host ?? '').filter((host) => host !== '');
  return names.length === 0 ? '*' : listWithMore(names);
}

/** Columns of networking kinds, by `group/Kind`. */
export const networkPrinters: Readonly<Record<string, Printer>> = {
  '/Service': printer('Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*', (o, now) => [
    name(o),
    o.spec?.type ?? '',
    orNone(o.spec?.clusterIPs?.[0] ?? o.spec?.clusterIP),
    externalIP(o),
    servicePorts(o.spec?.ports),
    age(o, now),
    labelsText(o.spec?.selector),
  ]),
  '/Endpoints': printer('Name|Endpoints|Age', (o, now) => [
    name(o),
    endpoints(o.subsets),
    age(o, now),
  ]),
  'discovery.k8s.io/EndpointSlice': printer('Name|AddressType|Ports|Endpoints|Age', (o, now) => {
    const ports = (o.ports ?? []).map(
      ({ port, name: portName }: { port?: number; name?: string }) =>
        port === undefined ? (portName ?? '*') : `${port}`,
    );

    const addresses = (o.endpoints ?? []).flatMap(
      ({ addresses: list = [] }: { addresses?: string[] }) => list,
    );

    return [
      name(o),
      o.addressType ?? '',
      ports.length === 0 ? '<unset>' : listWithMore(ports),
      listWithMore(addresses).replace('<none>', '<unset>'),
      age(o, now),
    ];
  }),
  'networking.k8s.io/Ingress': printer('Name|Class|Hosts|Address|Ports|Age', (o, now) => [
    name(o),
    orNone(o.spec?.ingressClassName ?? o.metadata.annotations?.['kubernetes.io/ingress.class']),
    hosts(o.spec?.rules),
    loadBalancerAddresses(o.status).join(','),
    (o.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    age(o, now),
  ]),
  'networking.k8s.io/IngressClass': printer('Name|Controller|Parameters|Age', (o, now) => {
    const { apiGroup, kind, name: of } = o.spec?.parameters ?? {};
    const parameters =
      kind === undefined ? '<none>' : `${kind}${apiGroup ? `.${apiGroup}` : ''}/${of}`;
    return [name(o), o.spec?.controller ?? '', parameters, age(o, now)];
  }),
  'networking.k8s.io/NetworkPolicy': printer('Name|Pod-Selector|Age', (o, now) => [
    name(o),
    selectorText(o.spec?.podSelector),
    age(o, now),
  ]),
  'networking.k8s.io/ServiceCIDR': printer('Name|CIDRs|Age', (o, now) => [
    name(o),
    (o.spec?.cidrs ?? []).join(','),
    age(o, now),
  ]),
  'networking.k8s.io/IPAddress': printer('Name|ParentRef|Age', (o, now) => {
    const { group, resource, namespace, name: of } = o.spec?.parentRef ?? {};
    const parts = [group ? `${resource}.${group}` : resource, namespace, of].filter((part) => part);
    return [name(o), parts.join('/'), age(o, now)];
  }),
};
