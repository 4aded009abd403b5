import { dnsSubdomainErrors } from '@ks-apiserver/apimachinery/validation/names';
import { ipErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';

const ofSystem = ['PodScheduled', 'Ready', 'Initialized'];

function validateAddresses(
  list: readonly Fields[],
  old: readonly Fields[],
  at: string,
  out: Causes,
): void {
  each(list, at, ({ ip = '' }, path) => {
    if (!old.some((address) => address.ip === ip)) {
      out.each(path, ip, ipErrors(ip));
    }
  });

  const families = new Set(list.map(({ ip }) => (String(ip).includes(':') ? 6 : 4)));
  if (list.length > 1 && (list.length > 2 || families.size !== 2)) {
    const shown = list.map(({ ip }) => ({ IP: ip }));
    out.invalid(at, shown, 'may specify no more than one IP for each IP family');
  }
}

function validateFinished(
  list: readonly Fields[],
  old: readonly Fields[],
  at: string,
  out: Causes,
): void {
  old.forEach((before, index) => {
    if (!before.state?.terminated) {
      return;
    }

    const now = list.find(({ name }) => name === before.name);
    if (now && !now.state?.terminated) {
      out.forbidden(`${at}[${index}].state`, 'may not be transitioned to non-terminated state');
    }
  });
}

/** The status that a kubelet may write to a pod. */
export function validateStatusUpdate(object: Fields, old: Fields, out: Causes): void {
  const { status = {}, spec = {} } = object;
  const { status: before = {} } = old;
  each(status.conditions, 'status.conditions', ({ type = '', observedGeneration = 0 }, path) => {
    if (observedGeneration < 0) {
      out.invalid(
        `${path}.observedGeneration`,
        observedGeneration,
        'must be a non-negative integer',
      );
    }

    if (!ofSystem.includes(type)) {
      out.qualifiedName(`${path}.Type`, type);
    }
  });

  const { nominatedNodeName: node = '' } = status;
  if (node !== '' && node !== before.nominatedNodeName) {
    out.each('status.nominatedNodeName', node, dnsSubdomainErrors(node));

    if (old.spec?.nodeName) {
      out.forbidden(
        'status.nominatedNodeName',
        'may not be set on pods that are already bound to a node',
      );
    }
  }

  if (status.observedGeneration < 0) {
    out.invalid(
      'status.observedGeneration',
      status.observedGeneration,
      'must be a non-negative integer',
    );
  }

  if ((status.qosClass ?? '') !== (before.qosClass ?? '')) {
    out.invalid('status.qosClass', status.qosClass ?? '', 'field is immutable');
  }

  if (spec.restartPolicy === 'Never') {
    validateFinished(
      status.containerStatuses ?? [],
      before.containerStatuses ?? [],
      'status.containerStatuses',
      out,
    );
  }

  validateAddresses(status.podIPs ?? [], before.podIPs ?? [], 'status.podIPs', out);

  const { hostIPs = [], hostIP = '' } = status;
  if (hostIPs.length > 0 && hostIPs[0].ip !== hostIP) {
    out.invalid('status.hostIPs[0].ip', hostIPs[0].ip ?? '', 'must be equal to `hostIP`');
  }

  validateAddresses(hostIPs, before.hostIPs ?? [], 'status.hostIPs', out);
}
